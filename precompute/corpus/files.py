"""Files of texts, each as a stream of documents, none ever read whole.

txt      documents between blank lines, or between lines that hold a separator alone
jsonl    an object a line
parquet  a row a document
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from precompute.corpus.decoding import blocks, cut, lines, text_of
from precompute.corpus.file_kinds import advice, file_kind, first_bytes

# A longer stretch without an end is read as several documents, so that memory does not grow with the file.
LONGEST_DOCUMENT = 1_000_000
LONGEST_LINE = 2**28  # characters of JSON
BLANK, AUTO = "blank", "auto"
GPT2_END = "<|endoftext|>"  # what divides many a corpus, for whichever model


class Separators:
    """What ends a document of a text file; `n_seen` counts lines that held a separator.

    BLANK: a blank line. AUTO: that, or a line with nothing but the end-of-text of the model or of GPT-2. Anything else:
    lines with that alone, and blank lines are parts of documents.
    """

    def __init__(self, choice: str = AUTO, end_of_text: Iterable[str] = ()):
        self.choice, self.blank = choice, choice in (AUTO, BLANK)
        self.end_of_text = frozenset({GPT2_END, *end_of_text})
        self.alone = self.end_of_text if choice == AUTO else frozenset() if choice == BLANK else {choice.strip()}
        self.n_seen = 0

    def ends(self, line: str | None) -> bool:
        """Whether a line is none of a document's; None stands where a line was cut."""
        if line is None or line.strip() in self.alone:
            self.n_seen += line is not None
            return True
        return self.blank and not line.strip()


def txt(path: Path, separators: Separators) -> Iterator[str]:
    held: list[str] = []
    n_chars = 0
    for line in lines(blocks(path), LONGEST_DOCUMENT, cut):
        ends = separators.ends(line)
        if (ends or n_chars >= LONGEST_DOCUMENT) and held:
            yield "\n".join(held)
        if ends or n_chars >= LONGEST_DOCUMENT:
            held, n_chars = [], 0
        if not ends:
            held.append(line)
            n_chars += len(line)
    if held:
        yield "\n".join(held)


def jsonl(path: Path, field: str) -> Iterator[str]:
    for number, line in enumerate(lines(blocks(path), LONGEST_LINE, whole), 1):
        where = f"{path} line {number}"
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{where}: not JSON ({error}); a .jsonl has one object a line") from error
        if not isinstance(record, dict):
            raise ValueError(f"{where}: {type(record).__name__}, not an object; a .jsonl has one object a line")
        yield text_in(record.get(field), field, record, where)


def whole(line: str, longest: int) -> list[str]:
    if len(line) > longest:
        raise ValueError(f"a line has more than {longest:,} characters; a .jsonl has one object a line")
    return [line]


def parquet(path: Path, field: str) -> Iterator[str]:
    """Text columns are read as bytes: a text that is not UTF-8 is one broken record, not the end of the file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: not a parquet file ({str(error).splitlines()[0]})") from error
    names = file.schema_arrow.names
    if field not in names:
        raise ValueError(missing(field, names, str(path)))
    for batch in file.iter_batches(batch_size=256, columns=[field]):
        column = batch.column(0)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if is_text(column.type):
            column = column.cast(pa.large_binary())
        for value in column.to_pylist():
            value = text_of(value) if isinstance(value, bytes) else value
            yield text_in(value, field, names, str(path))


def is_text(type) -> bool:
    import pyarrow.types as types

    return types.is_string(type) or types.is_large_string(type) or types.is_string_view(type)


def check_parquet(path: Path) -> None:
    """Raises ValueError for a file of another kind; what is wrong within one its reader says."""
    kind = file_kind(first_bytes(path))
    if kind not in (None, "parquet"):
        raise ValueError(f"{path}: this is {kind}, not parquet: {advice(kind, 'a .parquet file would work')}")


def text_in(value: object, field: str, fields: Iterable[str], where: str) -> str:
    """The value if it is text, nothing if it is null; otherwise what there is instead."""
    if value is None and field in fields:
        return ""
    if value is None:
        raise ValueError(missing(field, fields, where))
    if not isinstance(value, str):
        raise ValueError(f"{where}: {field!r} is {type(value).__name__}, not text; choose another text field")
    return value


def missing(field: str, fields: Iterable[str], where: str) -> str:
    return f"{where}: no field {field!r}; the fields are {', '.join(map(str, fields))}"
