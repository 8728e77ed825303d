"""A corpus, by name or file, as a stream of documents; no file is ever read whole."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from precompute.corpus.decoding import text_encoding
from precompute.corpus.file_kinds import advice, file_kind, first_bytes
from precompute.corpus.files import AUTO, Separators, check_parquet, jsonl, parquet, text_in, txt
from precompute.run import hub

SURROGATES = re.compile("[\ud800-\udfff]")  # halves of characters, and what stands for bytes that were none
HUB_NAME = re.compile(r"(?P<name>[\w.-]+(?:/[\w.-]+)?)(?::(?P<config>[\w.-]+))?(?:@(?P<split>[\w.-]+))?")
KINDS = {
    ".txt": "txt", ".text": "txt", ".md": "txt",
    ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet",
}  # fmt: skip
WHAT_WORKS = "a corpus is offline, a .txt, .md, .jsonl, .ndjson or .parquet file, or a data set of the hub"


class Documents:
    """Documents, counted as they are read.

    `n_read` of them; `n_broken` had something that is no character, and `n_replaced` such places are U+FFFD now.
    `n_spelled` spell an end-of-text out, which is read as text. `encoding` is a text file's, None for others;
    `separators.n_seen` counts its lines that held a separator.
    """

    def __init__(self, corpus: str, read: Callable[[], Iterator[str]], encoding: str | None, separators: Separators):
        self.corpus, self.encoding, self.separators = corpus, encoding, separators
        self.n_read = self.n_broken = self.n_replaced = self.n_spelled = 0
        self._read = read

    def __iter__(self) -> Iterator[str]:
        for text in self._read():
            self.n_read += 1
            self.n_spelled += any(end in text for end in self.separators.end_of_text)
            yield self.sound(text)

    def sound(self, text: str) -> str:
        """The text without lone surrogates, which no tokenizer takes."""
        text, n = sound(text)
        self.n_broken += n > 0
        self.n_replaced += n
        return text

    @property
    def facts(self) -> dict:
        """What a manifest records of how they were read."""
        separators = {"separator": self.separators.choice, "n_separators": self.separators.n_seen}
        return {"encoding": self.encoding, "n_broken": self.n_broken, "n_replaced": self.n_replaced, **separators}

    @property
    def notes(self) -> list[str]:
        """What was not taken as it stands, in words."""
        notes = []
        if self.n_replaced:
            notes.append(
                f"{self.n_replaced:,} places in {self.n_broken:,} of {self.n_read:,} documents were no characters of "
                "their encoding: each was replaced by U+FFFD"
            )
        if self.separators.n_seen:
            notes.append(
                f"{self.separators.n_seen:,} lines that held a separator alone divide documents and are no text"
            )
        if self.n_spelled:
            ends = " or ".join(sorted(self.separators.end_of_text))
            notes.append(f"{self.n_spelled:,} documents have {ends} within a line or a record: it was read as text")
        return notes


def sound(text: str) -> tuple[str, int]:
    """The text with U+FFFD in the place of lone surrogates, and how many there were."""
    return SURROGATES.subn("\ufffd", text)


def read_documents(
    corpus: str, text_field: str | None = None, separator: str = AUTO, end_of_text: Iterable[str] = ()
) -> Documents:
    """The documents of a corpus, in order; a file is judged by its first bytes before any is read.

    `offline`             documentation strings of the installed packages
    `FILE.txt`            documents as `separator` divides them (files.py); `end_of_text` is what the model calls so
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
            raise ValueError(f"{corpus}: no such file; {WHAT_WORKS}")
        return _of_file(path, kind, field, separators)
    name = HUB_NAME.fullmatch(corpus)
    if path.exists() or name is None:
        raise ValueError(f"{corpus}: not a corpus; {_why_not(path)}")
    return Documents(corpus, lambda: _data_set(name, field), None, separators)


def _of_file(path: Path, kind: str, field: str, separators: Separators) -> Documents:
    if kind == "parquet":
        check_parquet(path)
        return Documents(str(path), lambda: parquet(path, field), None, separators)
    encoding = text_encoding(path)
    read = (lambda: txt(path, separators)) if kind == "txt" else (lambda: jsonl(path, field))
    return Documents(str(path), read, encoding, separators)


def _why_not(path: Path) -> str:
    """Of a file with another ending: how it is unpacked, if it is packed."""
    kind = file_kind(first_bytes(path)) if path.is_file() else None
    return f"this is {kind}: {advice(kind, WHAT_WORKS)}" if kind else WHAT_WORKS


def _offline() -> Iterator[str]:
    from precompute.corpus import offline

    for document in offline.documents("atlas"):
        yield document.text


def _data_set(name: re.Match[str], field: str) -> Iterator[str]:
    if not hub.reachable():
        raise ValueError(f"{name[0]}: no such file, and the model hub cannot be reached; {WHAT_WORKS}")
    for record in _records(name):
        yield text_in(record.get(field), field, record, name[0])


def _records(name: re.Match[str]) -> Iterator[dict]:
    from datasets import load_dataset

    try:
        yield from load_dataset(name["name"], name["config"], split=name["split"] or "train", streaming=True)
    except Exception as error:  # the library's own and those of every client beneath it
        raise ValueError(f"{name[0]}: cannot be read ({(str(error).splitlines() or [type(error)])[0]})") from error
