"""A corpus, by name or file, as a stream of documents; no file is ever read whole."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from precompute import hub

# A longer stretch without a blank line is read as several documents, so that memory does not grow with the file.
LONGEST_DOCUMENT = 1_000_000
SURROGATES = re.compile("[\ud800-\udfff]")
HUB_NAME = re.compile(r"(?P<name>[\w.-]+(?:/[\w.-]+)?)(?::(?P<config>[\w.-]+))?(?:@(?P<split>[\w.-]+))?")
WHAT_WORKS = "a corpus is offline, a .txt, .jsonl or .parquet file, or a data set of the hub"


class Documents:
    """Documents, counted as they are read: `n_read`, and `n_broken` lines or records that were not valid UTF-8."""

    def __init__(self, corpus: str, read: Callable[["Documents"], Iterator[str]]):
        self.corpus = corpus
        self.n_read = 0
        self.n_broken = 0
        self._read = read

    def __iter__(self) -> Iterator[str]:
        for text in self._read(self):
            self.n_read += 1
            yield text

    def decoded(self, line: bytes) -> str:
        """The text of a line, each broken byte as the replacement character."""
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.n_broken += 1
            return line.decode(errors="replace")

    def sound(self, text: str) -> str:
        """The text without lone surrogates, which JSON can spell and no tokenizer takes."""
        sound = SURROGATES.sub("\ufffd", text)
        self.n_broken += sound != text
        return sound


def read_documents(corpus: str, text_field: str | None = None) -> Documents:
    """The documents of a corpus, in order:

    `offline`             documentation strings of the installed packages
    `FILE.txt`            documents separated by blank lines
    `FILE.jsonl`          one object a line, its `text_field` ("text" unless told) a document
    `FILE.parquet`        one row a document
    `NAME[:CONFIG][@SPLIT]`  a Hugging Face data set, streamed; the split is train unless told
    """
    field = text_field or "text"
    if corpus == "offline":
        return Documents(corpus, lambda _: _offline())
    path, readers = Path(corpus), {".txt": _txt, ".jsonl": _jsonl, ".parquet": _parquet}
    if path.suffix in readers:
        if not path.is_file():
            raise ValueError(f"{corpus}: no such file; {WHAT_WORKS}")
        read = readers[path.suffix]
        return Documents(corpus, lambda seen: read(path, field, seen))
    name = HUB_NAME.fullmatch(corpus)
    if path.exists() or name is None:
        raise ValueError(f"{corpus}: not a corpus; {WHAT_WORKS}")
    return Documents(corpus, lambda seen: _data_set(name, field, seen))


def _offline() -> Iterator[str]:
    from precompute import offline

    for document in offline.documents("atlas"):
        yield document.text


def _txt(path: Path, _: str, seen: Documents) -> Iterator[str]:
    lines: list[str] = []
    n_chars = 0
    for line in _lines(path, seen):
        if line.strip() and n_chars < LONGEST_DOCUMENT:
            lines.append(line)
            n_chars += len(line)
            continue
        if lines:
            yield "\n".join(lines)
        lines = [line] if line.strip() else []
        n_chars = len(line)
    if lines:
        yield "\n".join(lines)


def _lines(path: Path, seen: Documents) -> Iterator[str]:
    with path.open("rb") as file:
        for number, line in enumerate(file):
            text = seen.decoded(line).rstrip("\r\n")
            yield text if number else text.removeprefix("\ufeff")


def _jsonl(path: Path, field: str, seen: Documents) -> Iterator[str]:
    for number, line in enumerate(_lines(path, seen), 1):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{where}: not JSON ({error}); a .jsonl has one object a line") from error
        if not isinstance(record, dict):
            raise ValueError(f"{where}: {type(record).__name__}, not an object; a .jsonl has one object a line")
        yield seen.sound(_text(record.get(field), field, record, where))


def _parquet(path: Path, field: str, seen: Documents) -> Iterator[str]:
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: not a parquet file ({str(error).splitlines()[0]})") from error
    names = file.schema_arrow.names
    if field not in names:
        raise ValueError(_missing(field, names, str(path)))
    for batch in file.iter_batches(batch_size=256, columns=[field]):
        for value in batch.column(0).to_pylist():
            yield seen.sound(_text(value, field, names, str(path)))


def _data_set(name: re.Match[str], field: str, seen: Documents) -> Iterator[str]:
    if not hub.reachable():
        raise ValueError(f"{name[0]}: no such file, and the model hub cannot be reached; {WHAT_WORKS}")
    for record in _records(name):
        yield seen.sound(_text(record.get(field), field, record, name[0]))


def _records(name: re.Match[str]) -> Iterator[dict]:
    from datasets import load_dataset

    try:
        yield from load_dataset(name["name"], name["config"], split=name["split"] or "train", streaming=True)
    except Exception as error:  # the library's own and those of every client beneath it
        raise ValueError(f"{name[0]}: cannot be read ({(str(error).splitlines() or [type(error)])[0]})") from error


def _text(value: object, field: str, fields: Iterable[str], where: str) -> str:
    """The value if it is text, nothing if it is null; otherwise what there is instead."""
    if value is None and field in fields:
        return ""
    if value is None:
        raise ValueError(_missing(field, fields, where))
    if not isinstance(value, str):
        raise ValueError(f"{where}: {field!r} is {type(value).__name__}, not text; choose another text field")
    return value


def _missing(field: str, fields: Iterable[str], where: str) -> str:
    return f"{where}: no field {field!r}; the fields are {', '.join(map(str, fields))}"
