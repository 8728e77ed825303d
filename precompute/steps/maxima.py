"""File of maxima: a table of layer, neuron and maximum, with every neuron of the layers that are read."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from precompute.config import ConfigError

COLUMNS = ("layer", "neuron", "maximum")


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


def columns(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if path.suffix not in (".csv", ".parquet"):
        raise ConfigError(f"{path} is not a .csv or .parquet file of {', '.join(COLUMNS)}")
    if not path.is_file():
        raise ConfigError(f"{path} does not exist: maxima are a .csv or .parquet file of {', '.join(COLUMNS)}")
    try:
        table = from_parquet(path) if path.suffix == ".parquet" else from_csv(path)
        layer, neuron, maximum = (np.asarray(table[name]) for name in COLUMNS)
        return layer.astype(np.int64), neuron.astype(np.int64), maximum.astype(np.float32)
    except KeyError as error:
        raise ConfigError(f"{path} has no column {error}: it needs {', '.join(COLUMNS)}") from None
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise ConfigError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None


def from_csv(path: Path) -> dict[str, list[str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    return {name: [row[name] for row in rows] for name in reader.fieldnames or ()}


def from_parquet(path: Path) -> dict[str, np.ndarray]:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return {name: table[name].to_numpy() for name in table.column_names}
