"""Files of texts as streams of documents; none is read whole.

txt      documents divided by blank lines, or by lines that hold only a separator
jsonl    one object a line
parquet  one row a document

The source of a document is the file's name without its folders, and the line, from 1, or row, from 0, of its start.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from precompute.corpus.decoding import blocks, cut, lines, text_of
from precompute.corpus.file_kinds import advice, file_kind, first_bytes
from precompute.corpus.sources import Document

# A longer document is read as several, so that memory does not grow with the file.
LONGEST_DOCUMENT = 1_000_000
LONGEST_LINE = 2**28  # characters of JSON
BLANK, AUTO = "blank", "auto"
GPT2_END = "<|endoftext|>"  # divides documents in many corpora, for any model


class Separators:
    """Rule for the end of a document in a text file; `n_separators` counts lines that held a separator.

    BLANK: a blank line. AUTO: a blank line, or a line with only the end-of-text token of the model or of GPT-2. Any
    other text: lines with that text alone; blank lines are part of documents.
    """

    def __init__(self, choice: str = AUTO, end_of_text: Iterable[str] = ()):
        self.choice, self.blank = choice, choice in (AUTO, BLANK)
        self.end_of_text = frozenset({GPT2_END, *end_of_text})
        self.alone = self.end_of_text if choice == AUTO else frozenset() if choice == BLANK else {choice.strip()}
        self.n_separators = 0

    def ends(self, line: str | None) -> bool:
        """Return whether a line belongs to no document; None marks the place at which a long line was cut."""
        if line is None or line.strip() in self.alone:
            self.n_separators += line is not None
            return True
        return self.blank and not line.strip()


def txt(path: Path, separators: Separators) -> Iterator[Document]:
    pending: list[str] = []
    n_chars = first = 0
    for number, line in numbered(lines(blocks(path), LONGEST_DOCUMENT, cut)):
        ends = separators.ends(line)
        if (ends or n_chars >= LONGEST_DOCUMENT) and pending:
            yield Document("\n".join(pending), path.name, f" line {first}")
        if ends or n_chars >= LONGEST_DOCUMENT:
            pending, n_chars = [], 0
        if not ends:
            first = first if pending else number
            pending.append(line)
            n_chars += len(line)
    if pending:
        yield Document("\n".join(pending), path.name, f" line {first}")


def numbered(parts: Iterable[str | None]) -> Iterator[tuple[int, str | None]]:
    """Number lines from 1; None, where a long line was cut, and the part after it have the number of that line."""
    number, was_cut = 0, False
    for part in parts:
        number += part is not None and not was_cut
        was_cut = part is None
        yield number, part


def jsonl(path: Path, field: str) -> Iterator[Document]:
    for number, line in enumerate(lines(blocks(path), LONGEST_LINE, check_length), 1):
        place = f"{path} line {number}"
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{place}: not JSON ({error}); a .jsonl has one object a line") from error
        if not isinstance(record, dict):
            raise ValueError(f"{place}: {type(record).__name__}, not an object; a .jsonl has one object a line")
        yield Document(text_in(record.get(field), field, record, place), path.name, f" line {number}")


def check_length(line: str, longest: int) -> list[str]:
    if len(line) > longest:
        raise ValueError(f"a line has more than {longest:,} characters; a .jsonl has one object a line")
    return [line]


def parquet(path: Path, field: str) -> Iterator[Document]:
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: not a parquet file ({str(error).splitlines()[0]})") from error
    names = file.schema_arrow.names
    if field not in names:
        raise ValueError(missing(field, names, str(path)))
    for row, value in enumerate(column_values(file, field)):
        yield Document(text_in(value, field, names, str(path)), path.name, f" row {row}")


def column_values(file, field: str) -> Iterator[object]:
    """Yield a text column, read as bytes: invalid UTF-8 is one broken record, not the end of the file."""
    import pyarrow as pa

    for batch in file.iter_batches(batch_size=256, columns=[field]):
        column = batch.column(0)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if is_text(column.type):
            column = column.cast(pa.large_binary())
        for value in column.to_pylist():
            yield text_of(value) if isinstance(value, bytes) else value


def is_text(type) -> bool:
    import pyarrow.types as types

    return types.is_string(type) or types.is_large_string(type) or types.is_string_view(type)


def check_parquet(path: Path) -> None:
    """Check the kind of file. Raises ValueError; damage within the file is reported by its reader."""
    kind = file_kind(first_bytes(path))
    if kind not in (None, "parquet"):
        raise ValueError(f"{path}: this is {kind}, not parquet: {advice(kind, 'a .parquet file would work')}")


def text_in(value: object, field: str, fields: Iterable[str], place: str) -> str:
    """Return the value if it is text, an empty text if it is null. Raises ValueError otherwise."""
    if value is None and field in fields:
        return ""
    if value is None:
        raise ValueError(missing(field, fields, place))
    if not isinstance(value, str):
        raise ValueError(f"{place}: {field!r} is {type(value).__name__}, not text; choose another text field")
    return value


def missing(field: str, fields: Iterable[str], place: str) -> str:
    return f"{place}: no field {field!r}; the fields are {', '.join(map(str, fields))}"
