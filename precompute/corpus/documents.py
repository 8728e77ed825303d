"""A corpus, by name or file, as a stream of documents; no file is read whole."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from precompute.corpus.data_sets import DataSet, records
from precompute.corpus.decoding import text_encoding
from precompute.corpus.fields import Template, TextField
from precompute.corpus.file_kinds import HEAD, advice, file_kind
from precompute.corpus.files import AUTO, Separators, array, jsonl, txt
from precompute.corpus.sources import Document
from precompute.corpus.tables import arrow, check_binary, parquet, separated
from precompute.corpus.text_files import (
    EXPECTED,
    HUB_FILES,
    Selection,
    TextFile,
    hub_files,
    is_local,
    local_files,
    parts_of,
)
from precompute.run import hub

SURROGATES = re.compile("[\ud800-\udfff]")  # lone surrogates, among them the mark of undecodable bytes
CHECKED_FIRST = 32  # files that are checked before the model is loaded; the others as they are read


class Documents:
    """Documents, counted as they are read; `read` yields them.

    `n_read`: documents read; `n_broken`: those with undecodable places, of which `n_replaced` were replaced by U+FFFD;
    `n_spelled`: those that contain an end-of-text token as text. `encodings` are those of text files;
    `separators.n_separators` counts lines that held only a separator; `remarks` says what else was read or left out.
    """

    def __init__(self, corpus: str, field: TextField, separators: Separators):
        self.corpus, self.field, self.separators = corpus, field, separators
        self.encodings: dict[str, str] = {}
        self.remarks: list[str] = []
        self.n_read = self.n_broken = self.n_replaced = self.n_spelled = 0
        self.read: Callable[[], Iterator[Document]] = lambda: iter(())

    @property
    def encoding(self) -> str | None:
        """Encodings of text files, None for other sources."""
        return ", ".join(sorted(set(self.encodings.values()))) or None

    def check(self, file: TextFile) -> None:
        """Check the kind of a file once, and keep its encoding. Raises ValueError."""
        if file.kind is None:
            kind = file_kind(file.head(HEAD))
            works = f"this is {kind}: {advice(kind, EXPECTED)}" if kind else EXPECTED
            raise ValueError(f"{file.label}: not a known corpus; {works}")
        if file.kind in ("parquet", "arrow"):
            check_binary(file)
        elif file.label not in self.encodings:
            self.encodings[file.label] = text_encoding(file)

    def note_left_out(self, names: Sequence[str]) -> None:
        """Add a remark about the files of a folder that are not read."""
        if names:
            others = f" and {len(names) - 1:,} others" if len(names) > 1 else ""
            self.remarks.append(f"{names[0]}{others} beside the texts were not read")

    def __iter__(self) -> Iterator[str]:
        return (document.text for document in self.with_sources())

    def with_sources(self) -> Iterator[Document]:
        """Yield each document with its source."""
        for document in self.read():
            self.n_read += 1
            spells_end = any(end in document.text for end in self.separators.end_of_text)
            self.n_spelled += spells_end and not document.is_chat
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
        notes = [*self.remarks, *self.field.notes]
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
    corpus: str,
    text_field: str | None = None,
    separator: str = AUTO,
    end_of_text: Iterable[str] = (),
    template: Template | None = None,
) -> Documents:
    """Return the documents of a corpus, in order; the kinds of the first files are checked before they are read.

    `offline`             documentation strings of the installed packages
    `FILE`, `FILE,FILE`   texts divided by `separator` (files.py), or records whose `text_field` ("text" by default) is
                          a document; `end_of_text` are the model's end-of-text tokens, `template` writes chats
    `FOLDER`, `a/**/*.csv`  the files in it
    `NAME[:CONFIG][@SPLIT][#REVISION]`  a data set of the hub, streamed; the split is train by default
    `hf://datasets/OWNER/NAME/PATTERN`  files of the hub
    """
    documents = Documents(corpus, TextField(text_field or "text", template), Separators(separator, end_of_text))
    if corpus == "offline":
        documents.read = _offline
    elif corpus.startswith(HUB_FILES):
        documents.read = lambda: _of_files(documents, hub_files(corpus))
    elif is_local(corpus):
        selection = local_files(corpus)
        for file in selection.files[:CHECKED_FIRST]:
            documents.check(file)
        documents.read = lambda: _of_files(documents, selection)
    elif data_set := DataSet.parse(corpus):
        documents.read = lambda: _of_data_set(documents, data_set)
    else:
        raise ValueError(f"{corpus}: not a known corpus; {EXPECTED}")
    return documents


def is_data_set(corpus: str) -> bool:
    """Return whether the corpus is read from the hub."""
    if corpus.startswith(HUB_FILES):
        return True
    return corpus != "offline" and not is_local(corpus) and DataSet.parse(corpus) is not None


def group_kind(corpus: str) -> str:
    """Return the kind of the groups of its documents: package, file or data set."""
    if corpus == "offline":
        return "package"
    return "file" if corpus.startswith(HUB_FILES) or is_local(corpus) else "data set"


def corpus_name(corpus: str) -> str:
    """Return the name of a corpus, of local files without their folders."""
    if corpus == "offline" or not is_local(corpus):
        return corpus
    return ",".join(Path(part).name or part for part in parts_of(corpus))


def _of_files(documents: Documents, selection: Selection) -> Iterator[Document]:
    documents.note_left_out(selection.left_out)
    for file in selection.files:
        documents.check(file)
        yield from _of_file(documents, file)


def _of_file(documents: Documents, file: TextFile) -> Iterator[Document]:
    if file.kind == "txt":
        return txt(file, documents.separators)
    return RECORDS[file.kind](file, documents.field)


RECORDS = {
    "jsonl": jsonl, "json": array, "csv": separated, "tsv": separated, "parquet": parquet, "arrow": arrow,
}  # fmt: skip


def _offline() -> Iterator[Document]:
    from precompute.corpus import offline

    return (document.sourced for document in offline.documents("atlas"))


def _of_data_set(documents: Documents, data_set: DataSet) -> Iterator[Document]:
    name = data_set.text
    if not hub.reachable():
        raise ValueError(f"{name}: no such file, and the model hub cannot be reached; {EXPECTED}")
    for row, record in enumerate(records(data_set, documents.remarks)):
        yield documents.field.document(record, name, f" row {row}", name)
