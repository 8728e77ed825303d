"""Maxima from elsewhere: a table of layer, neuron and maximum, or a form of others, for every neuron that is read."""

import csv
import hashlib
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ne_core.atlas.file_hash import file_sha256
from precompute.config import ConfigError
from precompute.steps.foreign_maxima import Columns, from_matrix, from_pages, from_records, is_record_file

COLUMNS = ("layer", "neuron", "maximum")
EXPECTED = (
    f"maxima are a .csv or .parquet file of {', '.join(COLUMNS)}, an array [layers neurons] as .npy or .json, pages of "
    "Neuroscope as FOLDER/LAYER/NEURON.html, or features of Neuronpedia as .jsonl or .jsonl.gz, one file or a folder"
)


def read_maxima(path: Path, n_neurons: Mapping[int, int]) -> dict[int, Float[np.ndarray, " n_neurons"]]:
    """Read the maxima by layer, ignoring other layers. Raises ConfigError if a neuron has no finite maximum."""
    layer, neuron, maximum = columns(path)
    maxima = {}
    for number, n in n_neurons.items():
        in_layer = layer == number
        wrong = neuron[in_layer][(neuron[in_layer] < 0) | (neuron[in_layer] >= n)]
        if len(wrong):
            raise ConfigError(f"{path} has neuron {wrong[0]} of layer {number}: this layer has neurons 0 to {n - 1}")
        maxima[number] = np.full(n, np.nan, dtype=np.float32)
        maxima[number][neuron[in_layer]] = maximum[in_layer]
        missing = np.flatnonzero(~np.isfinite(maxima[number]))
        if len(missing):
            raise ConfigError(f"{path} has no finite maximum for neuron {missing[0]} of layer {number}")
    return maxima


def columns(path: Path) -> Columns:
    """Read layer, neuron and maximum of every row. Raises ConfigError, in one line, for another kind of file."""
    if not path.exists():
        raise ConfigError(f"{path} does not exist: {EXPECTED}")
    try:
        result = foreign(path) if path.is_dir() or path.suffix not in (".csv", ".parquet") else from_table(path)
    except KeyError as error:
        raise ConfigError(f"{path} has no column {error}: it needs {', '.join(COLUMNS)}") from None
    except ConfigError:
        raise
    except (OSError, ValueError, TypeError, EOFError, zlib.error, RecursionError, csv.Error) as error:
        raise ConfigError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    if result is None:
        raise ConfigError(f"{path} has no maxima: {EXPECTED}")
    return result


def foreign(path: Path) -> Columns | None:
    if path.is_dir():
        return from_pages(path) or from_records(path)
    if is_record_file(path):
        return from_records(path)
    return from_matrix(path) if path.suffix in (".npy", ".json") else None


def from_table(path: Path) -> Columns:
    table = from_parquet(path) if path.suffix == ".parquet" else from_csv(path)
    layer, neuron, maximum = (np.asarray(table[name]) for name in COLUMNS)
    return layer.astype(np.int64), neuron.astype(np.int64), maximum.astype(np.float32)


def maxima_sha256(path: Path) -> str:
    """Return the hash of a file, or of the names and hashes of all files in a folder."""
    if not path.is_dir():
        return file_sha256(path)
    files = sorted(each for each in path.rglob("*") if each.is_file())
    lines = (f"{each.relative_to(path).as_posix()} {file_sha256(each)}\n" for each in files)
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def from_csv(path: Path) -> dict[str, list[str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    return {name: [row[name] for row in rows] for name in reader.fieldnames or ()}


def from_parquet(path: Path) -> dict[str, np.ndarray]:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return {name: table[name].to_numpy() for name in table.column_names}
