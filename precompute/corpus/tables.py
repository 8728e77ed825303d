"""Tables as streams of documents: .csv and .tsv by lines, .parquet and .arrow by batches of rows."""

import csv
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from precompute.corpus.compressed import Readable
from precompute.corpus.decoding import blocks, lines, text_of
from precompute.corpus.fields import ABSENT, TextField, missing, value_at
from precompute.corpus.file_kinds import advice, file_kind
from precompute.corpus.files import check_length
from precompute.corpus.sources import Document
from precompute.corpus.text_files import TextFile

LONGEST_CELL = 2**24  # characters
LONGEST_ROW = 2**26
ROWS_AT_ONCE = 256


def separated(file: TextFile, field: TextField) -> Iterator[Document]:
    """Yield a document for each row of a .csv or .tsv, whose first line names the columns."""
    csv.field_size_limit(LONGEST_CELL)
    delimiter = "\t" if file.kind == "tsv" else ","
    text = (f"{line}\n" for line in lines(blocks(file), LONGEST_ROW, check_length))
    reader = csv.DictReader(text, delimiter=delimiter, restkey="", strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise ValueError(f"{file.label} line {line}: not a {file.kind} row ({error})") from error
        if record is None:
            return
        line = line if line > 1 else 2  # the first row is read after the header
        yield field.document(record, file.name, f" line {line}", f"{file.label} line {line}")


def parquet(file: TextFile, field: TextField) -> Iterator[Document]:
    """Yield a document for each row of a .parquet file."""
    import pyarrow.parquet as pq

    with seekable(file) as content:
        try:
            table = pq.ParquetFile(content)
        except (OSError, ValueError) as error:
            raise ValueError(f"{file.label}: not a parquet file ({first_line(error)})") from error
        names = table.schema_arrow.names
        column = column_of(field.name, names)
        if column is None:
            raise ValueError(missing(field.name, names, file.label))
        batches = table.iter_batches(batch_size=ROWS_AT_ONCE, columns=[column])
        yield from rows(file, field, column, (batch.column(0) for batch in batches))


def arrow(file: TextFile, field: TextField) -> Iterator[Document]:
    """Yield a document for each row of an .arrow file, or of a stream, as `datasets` saves it."""
    import pyarrow as pa

    with seekable(file) as content:
        try:
            batches, names = arrow_batches(pa, content)
        except (OSError, ValueError) as error:
            raise ValueError(f"{file.label}: not an arrow file ({first_line(error)})") from error
        column = column_of(field.name, names)
        if column is None:
            raise ValueError(missing(field.name, names, file.label))
        yield from rows(file, field, column, (batch.column(names.index(column)) for batch in batches))


def arrow_batches(pa, content: Readable) -> tuple[Iterator[Any], list[str]]:
    """Return the batches of a file or a stream, some rows at a time, and the names of its columns."""
    magic = content.read(6)
    content.seek(0)
    if magic == b"ARROW1":
        reader = pa.ipc.open_file(content)
        whole = (reader.get_batch(i) for i in range(reader.num_record_batches))
    else:
        reader = whole = pa.ipc.open_stream(content)
    pieces = (batch.slice(start, ROWS_AT_ONCE) for batch in whole for start in range(0, batch.num_rows, ROWS_AT_ONCE))
    return pieces, reader.schema.names


def column_of(field: str, names: list[str]) -> str | None:
    """Return the column that holds a field: of its name, or of the part before a dot."""
    parts = field.split(".")
    return next((name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in names), None)


def rows(file: TextFile, field: TextField, column: str, columns: Iterator[Any]) -> Iterator[Document]:
    """Yield a document for each value of a column; `columns` are its batches."""
    path = field.name.removeprefix(column).removeprefix(".")
    row = 0
    try:
        for values in columns:
            for value in plain_values(values, path):
                if value is ABSENT:
                    raise ValueError(f"{file.label} row {row}: no field {field.name!r} in {column!r}")
                yield field.of_value(value, file.name, f" row {row}", file.label)
                row += 1
    except UnicodeDecodeError as error:
        raise ValueError(f"{file.label}: a text of row {row} or after is not UTF-8 ({error.reason})") from error


def plain_values(values, path: str) -> Iterator[object]:
    """Yield a column's values; texts are read as bytes: invalid UTF-8 is one broken record, not the end of the file."""
    import pyarrow as pa

    while path and pa.types.is_struct(values.type) and values.type.get_field_index(first_part(path)) >= 0:
        values = pa.compute.struct_field(values, first_part(path))
        path = path.partition(".")[2]
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if is_text(values.type):
        values = values.cast(pa.large_binary())
    for value in values.to_pylist():
        value = text_of(value) if isinstance(value, bytes) else value
        yield value_at(value, path) if path else value


def first_part(path: str) -> str:
    return path.partition(".")[0]


def is_text(type) -> bool:
    import pyarrow.types as types

    return types.is_string(type) or types.is_large_string(type) or types.is_string_view(type)


@contextmanager
def seekable(file: TextFile) -> Iterator[Readable]:
    """Open a file that is read at any place; a compressed one is expanded into a temporary file."""
    with file.open() as content:
        if not file.compression:
            yield content
            return
        with tempfile.TemporaryFile() as copy:
            while block := content.read(2**20):
                copy.write(block)
            copy.seek(0)
            yield copy


def check_binary(file: TextFile) -> None:
    """Check the kind of a binary table. Raises ValueError; damage within the file is reported by its reader."""
    kind = file_kind(file.head(512))
    if kind not in (None, file.kind):
        works = advice(kind, f"a .{file.kind} file would work")
        raise ValueError(f"{file.label}: this is {kind}, not {file.kind}: {works}")


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
