"""A corpus, by name or file, as a stream of documents; no file is read whole."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from precompute.corpus.decoding import text_encoding
from precompute.corpus.file_kinds import advice, file_kind, first_bytes
from precompute.corpus.files import AUTO, Separators, check_parquet, jsonl, parquet, text_in, txt
from precompute.corpus.sources import Document
from precompute.run import hub

SURROGATES = re.compile("[\ud800-\udfff]")  # lone surrogates, among them the mark of undecodable bytes
HUB_NAME = re.compile(r"(?P<name>[\w.-]+(?:/[\w.-]+)?)(?::(?P<config>[\w.-]+))?(?:@(?P<split>[\w.-]+))?")
KINDS = {
    ".txt": "txt", ".text": "txt", ".md": "txt",
    ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet",
}  # fmt: skip
EXPECTED = "use offline, a .txt, .md, .jsonl, .ndjson or .parquet file, or a data set of the hub"


class Documents:
    """Documents, counted as they are read.

    `n_read`: documents read; `n_broken`: those with undecodable places, of which `n_replaced` were replaced by U+FFFD;
    `n_spelled`: those that contain an end-of-text token as text. `encoding` is a text file's, None for other sources;
    `separators.n_separators` counts lines that held only a separator.
    """

    def __init__(
        self, corpus: str, read: Callable[[], Iterator[Document]], encoding: str | None, separators: Separators
    ):
        self.corpus, self.encoding, self.separators = corpus, encoding, separators
        self.n_read = self.n_broken = self.n_replaced = self.n_spelled = 0
        self._read = read

    def __iter__(self) -> Iterator[str]:
        return (document.text for document in self.with_sources())

    def with_sources(self) -> Iterator[Document]:
        """Yield each document with its source."""
        for document in self._read():
            self.n_read += 1
            self.n_spelled += any(end in document.text for end in self.separators.end_of_text)
            yield replace(document, text=self.replace_surrogates(document.text))

    def replace_surrogates(self, text: str) -> str:
        """Return the text without lone surrogates, which no tokenizer accepts."""
        text, n = surrogates_replaced(text)
        self.n_broken += n > 0
        self.n_replaced += n
        return text

    @property
    def facts(self) -> dict:
        """Fields of the manifest about how the documents were read."""
        separators = {"separator": self.separators.choice, "n_separators": self.separators.n_separators}
        return {"encoding": self.encoding, "n_broken": self.n_broken, "n_replaced": self.n_replaced, **separators}

    @property
    def notes(self) -> list[str]:
        """Changes made while reading, in sentences."""
        notes = []
        if self.n_replaced:
            notes.append(
                f"{self.n_replaced:,} places in {self.n_broken:,} of {self.n_read:,} documents were not valid in "
                "their encoding: each was replaced by U+FFFD"
            )
        if self.separators.n_separators:
            notes.append(
                "lines with only a separator divide documents and are not part of the text: "
                f"{self.separators.n_separators:,} of them"
            )
        if self.n_spelled:
            ends = " or ".join(sorted(self.separators.end_of_text))
            notes.append(
                f"{ends} within a line or a record was read as text, in {self.n_spelled:,} of {self.n_read:,} documents"
            )
        return notes


def surrogates_replaced(text: str) -> tuple[str, int]:
    """Replace lone surrogates by U+FFFD; return the text and the number of them."""
    return SURROGATES.subn("\ufffd", text)


def read_documents(
    corpus: str, text_field: str | None = None, separator: str = AUTO, end_of_text: Iterable[str] = ()
) -> Documents:
    """Return the documents of a corpus, in order; the kind of a file is checked before it is read.

    `offline`             documentation strings of the installed packages
    `FILE.txt`            documents divided by `separator` (files.py); `end_of_text` are the model's end-of-text tokens
    `FILE.jsonl`          one object a line, its `text_field` ("text" by default) a document
    `FILE.parquet`        one row a document
    `NAME[:CONFIG][@SPLIT]`  a Hugging Face data set, streamed; the split is train by default
    """
    field, separators = text_field or "text", Separators(separator, end_of_text)
    if corpus == "offline":
        return Documents(corpus, _offline, None, separators)
    path = Path(corpus)
    kind = KINDS.get(path.suffix.lower())
    if kind:
        if not path.is_file():
            raise ValueError(f"{corpus}: no such file; {EXPECTED}")
        return _of_file(path, kind, field, separators)
    name = HUB_NAME.fullmatch(corpus)
    if path.exists() or name is None:
        raise ValueError(f"{corpus}: not a known corpus; {_reason(path)}")
    return Documents(corpus, lambda: _data_set(name, field), None, separators)


def is_data_set(corpus: str) -> bool:
    """Return whether the corpus is read as a data set of the hub."""
    path = Path(corpus)
    is_local = corpus == "offline" or path.suffix.lower() in KINDS or path.exists()
    return not is_local and HUB_NAME.fullmatch(corpus) is not None


def group_kind(corpus: str) -> str:
    """Return the kind of the groups of its documents: package, file or data set."""
    if corpus == "offline":
        return "package"
    return "file" if Path(corpus).suffix.lower() in KINDS else "data set"


def _of_file(path: Path, kind: str, field: str, separators: Separators) -> Documents:
    if kind == "parquet":
        check_parquet(path)
        return Documents(str(path), lambda: parquet(path, field), None, separators)
    encoding = text_encoding(path)
    read = (lambda: txt(path, separators)) if kind == "txt" else (lambda: jsonl(path, field))
    return Documents(str(path), read, encoding, separators)


def _reason(path: Path) -> str:
    """Return why a file is not supported, and how to unpack it if it is an archive."""
    kind = file_kind(first_bytes(path)) if path.is_file() else None
    return f"this is {kind}: {advice(kind, EXPECTED)}" if kind else EXPECTED


def _offline() -> Iterator[Document]:
    from precompute.corpus import offline

    return (document.sourced for document in offline.documents("atlas"))


def _data_set(name: re.Match[str], field: str) -> Iterator[Document]:
    if not hub.reachable():
        raise ValueError(f"{name[0]}: no such file, and the model hub cannot be reached; {EXPECTED}")
    for row, record in enumerate(_records(name)):
        yield Document(text_in(record.get(field), field, record, name[0]), name[0], f" row {row}")


def _records(name: re.Match[str]) -> Iterator[dict]:
    from datasets import load_dataset

    try:
        yield from load_dataset(name["name"], name["config"], split=name["split"] or "train", streaming=True)
    except Exception as error:  # of the library or any of its clients
        raise ValueError(f"{name[0]}: cannot be read ({(str(error).splitlines() or [type(error)])[0]})") from error
