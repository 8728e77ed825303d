"""The kinds of host: what of deploy/ each is given, and the largest files and folders that it takes."""

from dataclasses import dataclass

MIB, GIB = 2**20, 2**30


@dataclass(frozen=True)
class Target:
    """`files` are those of deploy/ by the name that they get. Limits are None where the host has none of its own."""

    called: str
    files: dict[str, str]
    most_a_file: int | None = None
    most: int | None = None

    def check(self, sizes: dict[str, int]) -> None:
        """Raises ValueError where an atlas's files are too large to be part of the folder."""
        elsewhere = "`python -m precompute push` the atlas to the hub and give --atlas hf://owner/name"
        for name, size in sizes.items():
            if self.most_a_file and size > self.most_a_file:
                raise ValueError(
                    f"{name} of the atlas has {size / MIB:,.1f} MiB, {self.called} takes files of at most "
                    f"{self.most_a_file / MIB:,.0f} MiB: {elsewhere}"
                )
        if self.most and sum(sizes.values()) > self.most:
            raise ValueError(
                f"the atlas has {sum(sizes.values()) / GIB:,.2f} GiB, {self.called} should hold at most "
                f"{self.most / GIB:,.0f} GiB: {elsewhere}"
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
