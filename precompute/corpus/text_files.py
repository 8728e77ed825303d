"""Files that a corpus names: one, several divided by commas, a folder, a pattern, or files of the hub."""

import glob
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from precompute.corpus.compressed import Expanded, Readable, compression, uncompressed_name
from precompute.run import hub

KINDS = {
    ".txt": "txt", ".text": "txt", ".md": "txt",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
    ".csv": "csv", ".tsv": "tsv",
    ".parquet": "parquet", ".arrow": "arrow",
}  # fmt: skip
FACTS = {"dataset_info.json", "dataset_dict.json", "dataset_infos.json", "state.json", "config.json", "package.json"}
EXPECTED = (
    "use offline, a file, folder or pattern of .txt, .md, .jsonl, .json, .csv, .tsv, .parquet or .arrow (also .gz, "
    ".zst, .xz), or a data set of the hub"
)
HUB_FILES = "hf://datasets/"
PATTERN = set("*?[")


@dataclass(frozen=True)
class TextFile:
    """A file: `label` in messages, `name` in the names of its documents, and a function that opens its bytes."""

    label: str
    name: str
    open_raw: Callable[[], Readable]

    @property
    def kind(self) -> str | None:
        """Format by the ending of the name, None for others."""
        return kind_of(self.name)

    @property
    def compression(self) -> str | None:
        return compression(self.name)

    def open(self) -> Readable:
        """Open the content, expanded."""
        return Expanded(self.open_raw(), self.compression, self.label) if self.compression else self.open_raw()

    def head(self, n: int) -> bytes:
        """Return the first bytes of the content."""
        with self.open() as file:
            head = file.read(n)
            while self.compression and len(head) < n and (block := file.read(n - len(head))):
                head += block
            return head


@dataclass(frozen=True)
class Selection:
    """Files in the order in which they are read, and the names of those that a folder or pattern also has."""

    files: Sequence[TextFile]
    left_out: Sequence[str] = ()


def kind_of(name: str) -> str | None:
    """Return the format of a file by its name; None for a name that is not one of texts."""
    return KINDS.get(PurePath(uncompressed_name(name)).suffix.lower())


def is_pattern(corpus: str) -> bool:
    return bool(PATTERN & set(corpus))


def parts_of(corpus: str) -> list[str]:
    """Return the parts that commas divide; a path that exists is one part."""
    return [corpus] if os.path.exists(corpus) else [part for part in corpus.split(",") if part]


def is_local(corpus: str) -> bool:
    """Return whether a corpus names files of this machine, whether or not they exist."""
    if corpus.startswith(HUB_FILES):
        return False
    return any(os.path.exists(part) or is_pattern(part) or kind_of(part) for part in parts_of(corpus))


def local_paths(corpus: str) -> list[Path]:
    """Return the existing files of a corpus; none for a data set of the hub."""
    return [] if corpus.startswith(HUB_FILES) else [path for part in parts_of(corpus) for path in part_paths(part)]


def part_paths(part: str) -> list[Path]:
    path = Path(part)
    if path.is_dir():
        return below(path)
    return [path] if path.is_file() else [Path(match) for match in matches(part)]


def file_facts(corpus: str) -> list[list[int]]:
    """Return size and date of every file, instead of a hash: files may be large."""
    return [[path.stat().st_size, path.stat().st_mtime_ns] for path in local_paths(corpus)]


def local_files(corpus: str) -> Selection:
    """Return the files of this machine that a corpus names. Raises ValueError for a part that names none."""
    selections = [part_files(part) for part in parts_of(corpus)]
    return Selection(
        [file for each in selections for file in each.files], [name for each in selections for name in each.left_out]
    )


def part_files(part: str) -> Selection:
    path = Path(part)
    if path.is_dir():
        check_one_split(path)
        return known_files(part, below(path), path)
    if is_pattern(part) and not path.exists():
        return known_files(part, [Path(match) for match in matches(part)], fixed_folder(part))
    if not path.is_file():
        raise ValueError(f"{part}: no such file; {EXPECTED}")
    return Selection([local_file(path, path.name)])


def known_files(part: str, paths: Sequence[Path], folder: Path) -> Selection:
    """Return the files of texts among the paths, named from `folder` on.

    A folder of tables often holds a README.md: texts beside tables are left out.
    """
    names = {path: path.relative_to(folder).as_posix() for path in paths if path.name not in FACTS}
    known = [path for path in names if kind_of(path.name)]
    tables = [path for path in known if kind_of(path.name) != "txt"]
    chosen = tables or known
    if not chosen:
        raise ValueError(f"{part}: none of its {len(paths)} files is a file of texts; {EXPECTED}")
    left_out = [name for path, name in names.items() if path not in set(chosen)]
    return Selection([local_file(path, names[path]) for path in chosen], left_out)


def check_one_split(folder: Path) -> None:
    """Raise ValueError for a folder in which `datasets` saved several splits."""
    if (folder / "dataset_dict.json").is_file():
        splits = sorted(each.name for each in folder.iterdir() if each.is_dir())
        raise ValueError(f"{folder}: it has the splits {', '.join(splits)}: name one, such as {folder / splits[0]}")


def below(folder: Path) -> list[Path]:
    """Return all files below a folder, sorted, without hidden ones."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in paths if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def matches(pattern: str) -> list[str]:
    return sorted(path for path in glob.glob(pattern, recursive=True) if os.path.isfile(path))


def fixed_folder(pattern: str) -> Path:
    """Return the folder of a pattern, up to its first part with a wildcard."""
    parts = Path(pattern).parts
    first = next(i for i, part in enumerate(parts) if is_pattern(part))
    return Path(*parts[:first])


def local_file(path: Path, name: str) -> TextFile:
    return TextFile(str(path), name, lambda: path.open("rb"))


def hub_files(corpus: str) -> Selection:
    """Return the files of the hub that match `hf://datasets/OWNER/NAME[@REVISION]/PATTERN`."""
    if not hub.reachable():
        raise ValueError(f"{corpus}: the model hub cannot be reached; {EXPECTED}")
    system = hub.file_system()
    try:
        names = sorted(system.glob(corpus.removeprefix("hf://")))
    except Exception as error:  # of any of its clients
        raise ValueError(f"{corpus}: cannot be listed ({(str(error).splitlines() or [type(error)])[0]})") from error
    known = [name for name in names if kind_of(name)]
    if not known:
        raise ValueError(f"{corpus}: none of the {len(names)} files that match is a file of texts; {EXPECTED}")
    files = [
        TextFile(f"hf://{name}", name.removeprefix("datasets/"), lambda name=name: system.open(name)) for name in known
    ]
    return Selection(files, [name for name in names if name not in set(known)])
