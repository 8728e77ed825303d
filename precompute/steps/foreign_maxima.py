"""Maxima in the forms of others: pages of Neuroscope, exports of Neuronpedia, and plain arrays [layers neurons]."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from precompute.config import ConfigError

Columns = tuple[np.ndarray, np.ndarray, np.ndarray]
PAGE_MAXIMUM = re.compile(r"Max Act: <b>(-?[0-9.]+(?:e[+-]?[0-9]+)?)</b>")
PAGE_NAME = re.compile(r"[0-9]{1,9}\.html")
LAYER = re.compile(r"([0-9]{1,6})(?:-.*)?")  # a source of Neuronpedia: 6, or 6-res-jb
LONGEST_LINE = 2**26  # bytes of one feature; they hold its examples, too
RECORD_ENDINGS = (".jsonl", ".jsonl.gz")


def from_pages(folder: Path) -> Columns | None:
    """Read pages saved as LAYER/NEURON.html; the first text of a page has the neuron's maximum. None without pages."""
    pages = sorted(path for path in folder.glob("*/*.html") if PAGE_NAME.fullmatch(path.name))
    return columns_of((int(layer_of(page.parent.name, page)), int(page.stem), page_maximum(page)) for page in pages)


def page_maximum(page: Path) -> float:
    values = PAGE_MAXIMUM.findall(page.read_text(encoding="utf-8", errors="replace"))
    if not values:
        raise ConfigError(f"{page} has no “Max Act”: it is not a page of Neuroscope")
    return max(map(float, values))


def from_records(path: Path) -> Columns | None:
    """Read features as Neuronpedia exports them, a file or a folder of batches: layer, index and maxActApprox."""
    files = sorted(each for each in path.rglob("*") if is_record_file(each)) if path.is_dir() else [path]
    return columns_of(row for file in files for row in record_rows(file))


def is_record_file(path: Path) -> bool:
    return path.name.lower().endswith(RECORD_ENDINGS)


def record_rows(file: Path) -> Iterator[tuple[int, int, float]]:
    with gzip.open(file, "rb") if file.suffix.lower() == ".gz" else file.open("rb") as lines:
        number = 0
        while line := lines.readline(LONGEST_LINE):
            number += 1
            place = f"{file} line {number}"
            if len(line) == LONGEST_LINE:
                raise ConfigError(f"{place} has more than {LONGEST_LINE:,} bytes: a line is one feature")
            if line.strip():
                yield record_row(line, place)


def record_row(line: bytes, place: str) -> tuple[int, int, float]:
    try:
        record = json.loads(line)
        return layer_of(record["layer"], place), int(record["index"]), float(record["maxActApprox"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(
            f"{place} is not a feature with layer, index and maxActApprox, as Neuronpedia has it"
        ) from None


def layer_of(source: object, place: object) -> int:
    match = LAYER.fullmatch(str(source))
    if match is None:
        raise ConfigError(f"{place}: {str(source)[:40]!r} is not a layer: a layer is a number, as 6 or 6-res-jb")
    return int(match[1])


def from_matrix(path: Path) -> Columns:
    """Read an array [layers neurons], as .npy or as lists of JSON; row i is layer i."""
    matrix = np.load(path, allow_pickle=False) if path.suffix == ".npy" else json.loads(path.read_bytes())
    matrix = np.asarray(matrix, dtype=np.float32)
    if matrix.ndim != 2:
        raise ConfigError(f"{path} has the shape {matrix.shape}: maxima are an array [layers neurons]")
    layer, neuron = np.indices(matrix.shape)
    return layer.ravel(), neuron.ravel(), matrix.ravel()


def columns_of(rows: Iterator[tuple[int, int, float]]) -> Columns | None:
    table = list(rows)
    if not table:
        return None
    layer, neuron, maximum = zip(*table, strict=True)
    return np.array(layer, np.int64), np.array(neuron, np.int64), np.array(maximum, np.float32)
