"""The explorer on the demo atlas: how soon it starts, how long a page takes on the server, how much memory it holds."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from ne_core.atlas import Atlas
from tests.bench.figures import Figures
from tests.bench.server import browse, memory_mb, run_page, server

STARTS = 5
NEURONS = 60


def measure(figures: Figures, atlas_dir: Path) -> None:
    figures.add("app_start_s", float(np.median([start(atlas_dir) for _ in range(STARTS)])), "s")
    figures.add("python_with_streamlit_s", float(np.median([bare_import() for _ in range(STARTS)])), "s")
    with server(atlas_dir.parent) as (process, port), browse(process, port) as connection:
        seconds = page_seconds(connection, atlas_dir)
        figures.add("page_server_ms_p50_demo", 1000 * float(np.percentile(seconds, 50)), "ms")
        figures.add("page_server_ms_p95_demo", 1000 * float(np.percentile(seconds, 95)), "ms")
        figures.add("app_rss_mb_demo", memory_mb(process), "MB")


def start(atlas_dir: Path) -> float:
    """Process start to the end of the first script run, the atlas opened."""
    started = time.perf_counter()
    with server(atlas_dir.parent) as (process, port), browse(process, port) as connection:
        run_page(connection, "", f"atlas={atlas_dir.name}")
        return time.perf_counter() - started


def bare_import() -> float:
    """What the start is held against: a Python that does nothing but import streamlit."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import streamlit"], check=True)
    return time.perf_counter() - started


def page_seconds(connection, atlas_dir: Path) -> list[float]:
    """Every page once, then a seeded choice of neurons that have features, each for the first time."""
    for page in ("", "neuron", "search", "about"):
        run_page(connection, page, f"atlas={atlas_dir.name}")
    atlas = Atlas.open(atlas_dir)
    living = np.flatnonzero(atlas.neurons["n_features"])
    rows = np.random.default_rng(0).choice(living, size=min(NEURONS, len(living)), replace=False)
    queries = [
        f"atlas={atlas_dir.name}&layer={atlas.neurons['layer'][r]}&neuron={atlas.neurons['neuron'][r]}" for r in rows
    ]
    return [run_page(connection, "neuron", query) for query in queries]
