"""Tables as CSV, Parquet and JSON files, and back again.

A spreadsheet runs a cell that begins with = + - or @ as a formula, and tokens come from untrusted texts. In CSV an
apostrophe is therefore put before each text that begins with one of FORMULA or with an apostrophe; `read_table` removes
one apostrophe from each text that begins with it, which restores every text. Parquet and JSON store text unchanged.
Parquet and JSON include the provenance; a CSV has rows only, so that everything reads it, and its name says what it is.
"""

import csv
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pandas as pd

from ne_core.export.frames import TEXT

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
KEY = b"neuron_embeddings"  # metadata key of the provenance in a Parquet file


@dataclass(frozen=True)
class Format:
    """A format of table files: how it is called, its ending and type, and what writes it."""

    title: str
    ending: str
    mime: str
    write: Callable[[pd.DataFrame, dict[str, str]], bytes]


def csv_bytes(frame: pd.DataFrame, provenance: dict[str, str]) -> bytes:
    """Return UTF-8; text is quoted, a missing number is an empty cell."""
    safe = frame.assign(**{name: frame[name].map(escape_formula) for name in frame if name in TEXT})
    return safe.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).encode()


def escape_formula(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would read a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def json_bytes(frame: pd.DataFrame, provenance: dict[str, str]) -> bytes:
    """Return {provenance, columns: [{name, dtype}], rows: [{column: value}]}; NaN and infinity are null."""
    columns = [{"name": name, "dtype": str(dtype)} for name, dtype in frame.dtypes.items()]
    rows = [dict(zip(frame.columns, map(plain, row), strict=True)) for row in frame.itertuples(index=False, name=None)]
    return json.dumps({"provenance": provenance, "columns": columns, "rows": rows}, allow_nan=False).encode()


def plain(value: object) -> object:
    """The value as JSON has it: None for numbers that are not finite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def parquet_bytes(frame: pd.DataFrame, provenance: dict[str, str]) -> bytes:
    """The frame as Parquet, with its provenance in the schema's metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table, file = pa.Table.from_pandas(frame, preserve_index=False), BytesIO()
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, KEY: json.dumps(provenance)}), file)
    return file.getvalue()


FORMATS = {
    "csv": Format("CSV", "csv", "text/csv", csv_bytes),
    "parquet": Format("Parquet", "parquet", "application/vnd.apache.parquet", parquet_bytes),
    "json": Format("JSON", "json", "application/json", json_bytes),
}


def read_table(path: str | Path) -> pd.DataFrame:
    """Read an exported table, text and numbers as exported; `attrs` is the provenance, except for CSV.

    Raises ValueError for a file with another ending.
    """
    readers = {"csv": read_csv, "parquet": read_parquet, "json": read_json}
    ending = Path(path).suffix.removeprefix(".")
    if ending not in readers:
        raise ValueError(f"{path}: a table ends in .csv, .parquet or .json")
    return readers[ending](Path(path))


def read_csv(path: Path) -> pd.DataFrame:
    """A frame from CSV, without the apostrophes of `escape_formula`."""
    names = pd.read_csv(path, nrows=0).columns
    text = [name for name in names if name in TEXT]
    frame = pd.read_csv(
        path,
        dtype=dict.fromkeys(text, "str"),
        keep_default_na=False,  # "NA" and "null" are tokens
        na_values={name: [""] for name in names if name not in text},
        encoding="utf-8",
    )
    return frame.assign(**{name: frame[name].str.removeprefix("'") for name in text})


def read_json(path: Path) -> pd.DataFrame:
    """A frame from JSON; its provenance is in `attrs`."""
    content = json.loads(path.read_bytes())
    columns = {column["name"]: column["dtype"] for column in content["columns"]}
    values = {name: pd.Series([row[name] for row in content["rows"]], dtype=dtype) for name, dtype in columns.items()}
    frame = pd.DataFrame(values)
    frame.attrs = content["provenance"]
    return frame


def read_parquet(path: Path) -> pd.DataFrame:
    """A frame from Parquet; its provenance is in `attrs`."""
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    frame = table.to_pandas()
    frame.attrs = json.loads(table.schema.metadata[KEY])
    return frame
