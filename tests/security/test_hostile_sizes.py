"""Tests of small atlases that would fill the memory or a page: refused in one line before; a process measures each."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from tests.support.hostile import change_array, copy_atlas, manifest_of, seal, set_manifest
from tests.support.planted import VOCAB

MOST_MB, MOST_SECONDS = 400, 4  # what a host of one gigabyte can spare
MEASURED_OPEN = """
import pathlib, sys, time
from ne_core.errors import AtlasError
from ne_core.atlas import Atlas
import pyarrow.parquet
def kilobytes():  # peak resident memory since the last call
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    return int(line.split()[1])
kilobytes()
before, started = kilobytes(), time.process_time()
try:
    Atlas.open(sys.argv[1])
    message = ""
except AtlasError as error:
    message = str(error)
print(message)
print((kilobytes() - before) / 1024, time.process_time() - started)
"""


def vocabulary(text: str) -> Callable[[Path], None]:
    return lambda root: (root / "vocab.json").write_text(text)


def long_manifest(root: Path) -> None:
    with (root / "manifest.json").open("r+b") as file:
        file.truncate(2**30)


def many_layers(root: Path) -> None:
    n = 30_000
    set_manifest(root, layers=list(range(n)), n_neurons=[1] * n, d_in=[1] * n, layer_names=None)


def wide_windows(root: Path, letters: str) -> None:
    """Make tokens of many letters, thousands of them in a window."""
    (root / "vocab.json").write_text(json.dumps([letters] * len(VOCAB)))
    back, forward = 4096, 4096
    set_manifest(root, window={"back": back, "forward": forward}, n_ctx=9000)
    change_array(root, "tokens.npy", lambda tokens: np.zeros((len(tokens), 9000), np.int32))
    for layer in ("00", "02"):
        widen(root, f"layers/{layer}/window_activations.npy", back + forward)
        widen(root, f"layers/{layer}/window_importances.npy", back)


def widen(root: Path, name: str, size: int) -> None:
    change_array(root, name, lambda values: np.zeros((*values.shape[:-1], size), values.dtype))


BOMBS: dict[str, Callable[[Path], None]] = {
    "a vocabulary of many tokens": vocabulary(json.dumps(["a"] * 3 * 10**6)),
    "a vocabulary of a hundred megabytes": vocabulary("[" + '"",' * (30 * 10**6) + '""]'),
    "a vocabulary of lists": vocabulary("[" + "[]," * (5 * 10**6) + "[]]"),
    "a manifest of a gigabyte": long_manifest,
    "more layers than files": many_layers,
    "wide windows of long tokens": lambda root: wide_windows(root, "a" * 4096),
    "windows of tokens that do not show": lambda root: wide_windows(root, "\u202e" * 4),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_memory_bombs_are_refused(bomb: str, tiny_atlas: Path, tmp_path: Path):
    root = copy_atlas(tiny_atlas, tmp_path / "bomb")
    BOMBS[bomb](root)
    if bomb != "a manifest of a gigabyte":
        seal(root)
    process = subprocess.run(
        [sys.executable, "-c", MEASURED_OPEN, str(root)], capture_output=True, text=True, check=True
    )
    message, numbers = process.stdout.splitlines()
    megabytes, seconds = map(float, numbers.split())
    assert message.startswith(str(root))
    assert megabytes < MOST_MB
    assert seconds < MOST_SECONDS


def test_wide_windows_of_short_tokens(tiny_atlas: Path, tmp_path: Path):
    root = copy_atlas(tiny_atlas, tmp_path / "wide")
    wide_windows(root, "a")
    seal(root)
    assert Atlas.open(root).manifest.window.size == 8192


def test_long_tokens_in_narrow_windows(tiny_atlas: Path, tmp_path: Path):
    root = copy_atlas(tiny_atlas, tmp_path / "long")
    (root / "vocab.json").write_text(json.dumps(["a" * 4096] * len(VOCAB)))
    seal(root)
    assert manifest_of(root)["window"] == {"back": 8, "forward": 4}
    assert Atlas.open(root)
    (root / "vocab.json").write_text(json.dumps(["\0" * 4096] * len(VOCAB)))
    seal(root)
    with pytest.raises(AtlasError, match="no page could show them"):
        Atlas.open(root)
