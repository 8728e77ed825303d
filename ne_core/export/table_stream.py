"""Tables of any length, written to a file some rows at a time; `read_table` (table_files.py) reads them back."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path

import pandas as pd

from ne_core.export.frames import TEXT
from ne_core.export.table_files import KEY, escape_formula, plain

Write = Callable[[pd.DataFrame], None]  # frames of the same columns, one after the other


@contextmanager
def table_stream(file: BufferedIOBase, ending: str, provenance: dict[str, str]) -> Iterator[Write]:
    """Yield a function that appends frames to a file; `ending` is one of STREAMS."""
    with STREAMS[ending](file, provenance) as write:
        yield write


@contextmanager
def csv_stream(file: BufferedIOBase, provenance: dict[str, str]) -> Iterator[Write]:
    """Append frames as CSV, with one header."""
    begun = False

    def write(frame: pd.DataFrame) -> None:
        nonlocal begun
        safe = frame.assign(**{name: frame[name].map(escape_formula) for name in frame if name in TEXT})
        text = safe.to_csv(index=False, header=not begun, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        file.write(text.encode())
        begun = True

    yield write


@contextmanager
def json_stream(file: BufferedIOBase, provenance: dict[str, str]) -> Iterator[Write]:
    """Append frames as the rows of one JSON object."""
    begun = n_rows = 0

    def write(frame: pd.DataFrame) -> None:
        nonlocal begun, n_rows
        if not begun:
            columns = [{"name": name, "dtype": str(dtype)} for name, dtype in frame.dtypes.items()]
            head = json.dumps({"provenance": provenance, "columns": columns})
            file.write(f'{head[:-1]}, "rows": ['.encode())
            begun = 1
        for row in frame.itertuples(index=False, name=None):
            values = dict(zip(frame.columns, map(plain, row), strict=True))
            file.write((", " * bool(n_rows) + json.dumps(values, allow_nan=False)).encode())
            n_rows += 1

    yield write
    file.write(b"]}")


@contextmanager
def parquet_stream(file: BufferedIOBase, provenance: dict[str, str]) -> Iterator[Write]:
    """A row group for each frame."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None

    def write(frame: pd.DataFrame) -> None:
        nonlocal writer
        table = pa.Table.from_pandas(frame, preserve_index=False)
        table = table.replace_schema_metadata({**table.schema.metadata, KEY: json.dumps(provenance)})
        writer = writer or pq.ParquetWriter(file, table.schema)
        writer.write_table(table.cast(writer.schema))

    yield write
    if writer is not None:
        writer.close()


STREAMS = {"csv": csv_stream, "parquet": parquet_stream, "json": json_stream}


def ending_of(path: Path) -> str:
    """Return the ending of a table file. Raises ValueError for another ending."""
    ending = path.suffix.removeprefix(".")
    if ending not in STREAMS:
        raise ValueError(f"{path}: a table ends in {', '.join(f'.{each}' for each in STREAMS)}")
    return ending
