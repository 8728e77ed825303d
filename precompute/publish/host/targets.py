"""Kinds of host: their files from deploy/, and the largest files and folders that they accept."""

from dataclasses import dataclass

MIB, GIB = 2**20, 2**30


@dataclass(frozen=True)
class Target:
    """`files` maps files of deploy/ to their names on the host. Limits are in bytes, or None."""

    name: str
    files: dict[str, str]
    max_file_size: int | None = None
    max_size: int | None = None

    def check(self, sizes: dict[str, int]) -> None:
        """Raise ValueError if an atlas's files are too large to be part of the folder."""
        alternative = "`python -m precompute push` the atlas to the hub and give --atlas hf://owner/name"
        for file, size in sizes.items():
            if self.max_file_size and size > self.max_file_size:
                raise ValueError(
                    f"{file} of the atlas has {size / MIB:,.1f} MiB, {self.name} accepts files of at most "
                    f"{self.max_file_size / MIB:,.0f} MiB: {alternative}"
                )
        if self.max_size and sum(sizes.values()) > self.max_size:
            raise ValueError(
                f"the atlas has {sum(sizes.values()) / GIB:,.2f} GiB, {self.name} should hold at most "
                f"{self.max_size / GIB:,.0f} GiB: {alternative}"
            )


IMAGE = {"docker/Dockerfile": "Dockerfile", "docker/dockerignore": ".dockerignore"}

# GitHub refuses files above 100 MiB and asks for less than 1 GB a repository. A Space's repository holds 1 GB, and its
# git refuses files above 10 MiB that are not in large-file storage.
TARGETS = {
    "streamlit": Target("GitHub", {"streamlit/README.md": "README.md"}, 100 * MIB, GIB),
    "space": Target("a Space's repository", {**IMAGE, "space/README.md": "README.md"}, 10 * MIB, GIB),
    "docker": Target("an image", {**IMAGE, "docker/README.md": "README.md"}),
    "nginx": Target(
        "a server",
        {
            "nginx/README.md": "README.md",
            "nginx/neuron-embeddings.conf": "neuron-embeddings.conf",
            "nginx/neuron-embeddings.service": "neuron-embeddings.service",
        },
    ),
}
