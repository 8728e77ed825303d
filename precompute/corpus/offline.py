"""The offline corpus: documentation strings of pinned packages and of the standard library, in a fixed order.

Files are parsed with `ast` and never imported. They are ordered by a hash of their name, so any prefix of the stream
mixes all packages, and a small atlas needs only a few hundred files.
"""

import ast
import hashlib
import importlib.metadata
import logging
import platform
import re
import sys
import sysconfig
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from precompute.corpus.sources import Document as SourcedDocument

logger = logging.getLogger(__name__)

SKIPPED_FOLDERS = {"__pycache__", "site-packages", "test", "tests", "_vendor", "vendor", "vendored", "lib2to3"}
LICENCE_WORDS = re.compile(r"Licensed under the|Redistribution and use in source|Permission is hereby granted")
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
MIN_CHARS = 80
MIN_SHARE_OF_LETTERS = 0.75
N_START_WORDS, MAX_SAME_START = 8, 2


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    folder: str
    held_out: bool = False


STANDARD_LIBRARY = Package("python", "3.11.7", "")

PACKAGES = (
    Package("torch", "2.13.0", "torch"),
    Package("scipy", "1.17.1", "scipy"),
    Package("sympy", "1.14.0", "sympy"),
    Package("transformers", "5.23.0", "transformers"),
    Package("pandas", "3.1.1", "pandas"),
    Package("numpy", "2.4.6", "numpy"),
    Package("streamlit", "1.67.0", "streamlit"),
    Package("transformer-lens", "4.3.0", "transformer_lens"),
    Package("wandb", "0.31.0", "wandb"),
    Package("datasets", "5.2.0", "datasets"),
    Package("narwhals", "2.29.0", "narwhals"),
    Package("mpmath", "1.3.0", "mpmath"),
    Package("pydantic", "2.14.3", "pydantic"),
    Package("accelerate", "1.15.0", "accelerate"),
    Package("Jinja2", "3.1.6", "jinja2"),
    Package("pyarrow", "26.0.1", "pyarrow"),
    Package("packaging", "26.3", "packaging"),
    Package("anyio", "4.16.0", "anyio"),
    STANDARD_LIBRARY,
    Package("networkx", "3.6.1", "networkx", held_out=True),
    Package("huggingface_hub", "2.4.0", "huggingface_hub", held_out=True),
    Package("pillow", "13.0.0", "PIL", held_out=True),
    Package("websockets", "17.4", "websockets", held_out=True),
    Package("fsspec", "2026.9.0", "fsspec", held_out=True),
    Package("click", "8.5.1", "click", held_out=True),
    Package("Pygments", "2.21.0", "pygments", held_out=True),
)


@dataclass(frozen=True)
class Split:
    """A part of the corpus: the packages it uses, and the number of characters taken from one file."""

    includes: Callable[[Package], bool]
    chars_per_file: int = sys.maxsize


SPLITS = {
    "train": Split(lambda package: not package.held_out),
    # The standard library differs between patch releases of Python: without it an atlas has the same hash everywhere.
    # Without the limit one long reference manual would be a tenth of a small atlas and dominate its neurons.
    "atlas": Split(lambda package: not package.held_out and package is not STANDARD_LIBRARY, chars_per_file=6_000),
    "held_out": Split(lambda package: package.held_out),
}


@dataclass(frozen=True)
class Status:
    """Installed `version` of a listed package, or None if it is missing."""

    package: Package
    version: str | None

    @property
    def as_listed(self) -> bool:
        return self.version == self.package.version

    def __str__(self) -> str:
        installed = "missing" if self.version is None else f"version {self.version}"
        return f"offline corpus: {self.package.name} is {installed}, expected version {self.package.version}"


class NamedText(NamedTuple):
    """A documentation string, and the qualified name of its class or function; empty for a module."""

    text: str
    name: str


@dataclass(frozen=True)
class Document:
    """A documentation string; `path` is its file in the package, `name` its class or function, empty for a module."""

    text: str
    package: str
    path: str
    name: str = ""
    folder: str = ""

    @property
    def sourced(self) -> SourcedDocument:
        """The text with its source: “torch.nn.functional:linear”, of the group “torch”."""
        module = PurePosixPath(self.path).with_suffix("").parts
        module = module[:-1] if module[-1:] == ("__init__",) else module
        within = "".join(f".{part}" for part in module) + f":{self.name}" * bool(self.name)
        return SourcedDocument(self.text, self.folder or self.package, within)


def report(packages: Iterable[Package] = PACKAGES) -> list[Status]:
    """Compare the listed versions with the installed ones, one entry a package."""
    return [Status(package, _installed_version(package)) for package in packages]


def documents(
    split: str = "train", limit_chars: int | None = None, workers: int = 1, packages: tuple[Package, ...] = PACKAGES
) -> "Documents":
    """Return the documents of a split, cleaned and deduplicated, up to the one that reaches `limit_chars`."""
    if split not in SPLITS:
        raise ValueError(f"split={split!r}: the offline corpus has the splits {', '.join(SPLITS)}")
    return Documents(split, limit_chars, workers, packages)


class Documents:
    """An iterable over a split that hashes the texts and counts the files as they are read."""

    def __init__(self, split: str, limit_chars: int | None, workers: int, packages: tuple[Package, ...]):
        self.split, self.limit_chars, self.workers, self.packages = split, limit_chars, workers, packages
        self.n_files = self.n_unparsed = self.n_chars = 0
        self._sha = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Hash of the texts read so far."""
        return self._sha.hexdigest()

    def __iter__(self) -> Iterator[Document]:
        is_new = _Novelty()
        if self.split == "held_out":
            # a text of the training split is not held out
            for document in self._read(SPLITS["train"]):
                is_new(document.text)
        for document in self._read(SPLITS[self.split]):
            if not is_new(document.text):
                continue
            self._sha.update(document.text.encode() + b"\0")
            self.n_chars += len(document.text)
            yield document
            if self.limit_chars is not None and self.n_chars >= self.limit_chars:
                return

    def _read(self, split: Split) -> Iterator[Document]:
        files = _ordered_files([package for package in self.packages if split.includes(package)])
        parsed = _parsed([path for *_, path in files], self.workers)
        for (package, name, _), texts in zip(files, parsed, strict=True):
            self.n_files += 1
            self.n_unparsed += texts is None
            for text, owner in _first(texts or [], split.chars_per_file):
                yield Document(text, package.name, name, owner, package.folder)


def _first(texts: list[NamedText], limit: int) -> Iterator[NamedText]:
    """Yield texts while they fit into `limit` characters together; longer ones are skipped."""
    for each in texts:
        if len(each.text) <= limit:
            limit -= len(each.text)
            yield each


class _Novelty:
    """Filter that accepts new texts: no equal text before, and at most one other with the same first words."""

    def __init__(self):
        self.digests: set[bytes] = set()
        self.starts: Counter[tuple[str, ...]] = Counter()

    def __call__(self, text: str) -> bool:
        words = text.lower().split()
        digest = hashlib.sha256(" ".join(words).encode()).digest()
        start = tuple(re.findall(r"\w+", text.lower())[:N_START_WORDS])
        if digest in self.digests or self.starts[start] >= MAX_SAME_START:
            return False
        self.digests.add(digest)
        self.starts[start] += 1
        return True


def _installed_version(package: Package) -> str | None:
    if package is STANDARD_LIBRARY:
        return platform.python_version()
    try:
        return importlib.metadata.version(package.name).split("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None


def _root(package: Package) -> Path:
    if package is STANDARD_LIBRARY:
        return Path(sysconfig.get_paths()["stdlib"])
    return Path(importlib.metadata.distribution(package.name).locate_file(package.folder))


def _ordered_files(packages: list[Package]) -> list[tuple[Package, str, Path]]:
    """Return every file of the installed packages; versions that differ are logged."""
    files = []
    for status in report(packages):
        if not status.as_listed:
            logger.warning("%s", status)
        if status.version is not None:
            files += [(status.package, name, path) for name, path in _python_files(_root(status.package))]
    return sorted(files, key=lambda file: hashlib.sha256(f"{file[0].name}/{file[1]}".encode()).digest())


def _python_files(root: Path) -> Iterator[tuple[str, Path]]:
    for path in root.rglob("*.py"):
        relative = path.relative_to(root)
        if not SKIPPED_FOLDERS & set(relative.parts):
            yield relative.as_posix(), path


def _parsed(paths: list[Path], workers: int) -> Iterator[list[NamedText] | None]:
    if workers == 1:
        yield from map(docstrings, paths)
        return
    # spawn: a forked child of a process that has started torch's threads can hang
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        yield from pool.map(docstrings, paths, chunksize=64)
    finally:
        # do not wait for the remaining files when the reader stops early
        pool.shutdown(cancel_futures=True)


def docstrings(path: Path) -> list[NamedText] | None:
    """Return the readable documentation strings of a file in source order; None if it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError):
        return None
    nodes = sorted(documented_nodes(tree), key=lambda named: getattr(named[0], "lineno", 0))
    texts = (NamedText(cleaned(ast.get_docstring(node) or ""), name) for node, name in nodes)
    return [each for each in texts if is_readable(each.text)]


def documented_nodes(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield module, classes and functions with their qualified names, in the order of `ast.walk`."""
    pending = deque([(tree, "")])
    while pending:
        node, name = pending.popleft()
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{name}.{node.name}" if name else node.name
            yield node, name
        elif isinstance(node, ast.Module):
            yield node, name
        pending.extend((child, name) for child in ast.iter_child_nodes(node))


def cleaned(text: str) -> str:
    """Normalise newlines; remove control characters, trailing spaces and runs of empty lines."""
    text = CONTROL_CHARACTERS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def is_readable(text: str) -> bool:
    """Return whether a text is long enough, mostly letters (no table, drawing or console session) and no licence."""
    if len(text) < MIN_CHARS or LICENCE_WORDS.search(text):
        return False
    return sum(c.isalpha() or c.isspace() for c in text) >= MIN_SHARE_OF_LETTERS * len(text)
