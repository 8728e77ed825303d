"""The explorer on the demo atlas: start, page times on the server, memory, and the size of its environment."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ne_core.atlas import Atlas
from tests.bench.figures import Figures
from tests.bench.visits.server import browse, memory_mb, run_page, server

STARTS = 5
NEURONS = 60
MOST_MB = 500  # of a fresh environment


def measure(figures: Figures, atlas_dir: Path) -> None:
    figures.add("app_start_s", float(np.median([start(atlas_dir) for _ in range(STARTS)])), "s")
    figures.add("python_with_streamlit_s", float(np.median([bare_import() for _ in range(STARTS)])), "s")
    with server(atlas_dir.parent) as (process, port), browse(process, port) as connection:
        seconds = page_seconds(connection, atlas_dir)
        figures.add("page_server_ms_p50_demo", 1000 * float(np.percentile(seconds, 50)), "ms")
        figures.add("page_server_ms_p95_demo", 1000 * float(np.percentile(seconds, 95)), "ms")
        figures.add("app_rss_mb_demo", memory_mb(process), "MB")


def start(atlas_dir: Path) -> float:
    """Seconds from process start to the end of the first script run, with the atlas opened."""
    started = time.perf_counter()
    with server(atlas_dir.parent) as (process, port), browse(process, port) as connection:
        run_page(connection, "", f"atlas={atlas_dir.name}")
        return time.perf_counter() - started


def bare_import() -> float:
    """Seconds of a Python that only imports streamlit, for comparison with the start."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import streamlit"], check=True)
    return time.perf_counter() - started


def page_seconds(connection, atlas_dir: Path) -> list[float]:
    """Seconds of a seeded choice of neuron pages, each opened once, after a warm-up of the pages."""
    for page in ("", "neuron", "search", "about"):
        run_page(connection, page, f"atlas={atlas_dir.name}")
    atlas = Atlas.open(atlas_dir)
    rows_with_features = np.flatnonzero(atlas.neurons["n_features"])
    rows = np.random.default_rng(0).choice(
        rows_with_features, size=min(NEURONS, len(rows_with_features)), replace=False
    )
    queries = [
        f"atlas={atlas_dir.name}&layer={atlas.neurons['layer'][r]}&neuron={atlas.neurons['neuron'][r]}" for r in rows
    ]
    return [run_page(connection, "neuron", query) for query in queries]


def measure_environment(figures: Figures) -> None:
    """Measure a fresh environment of the app's packages, before and after compilation."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*install, "--no-compile", "-r", "requirements-app.txt", "-c", "constraints.txt"], check=True)
        figures.add("app_env_mb", size_mb(Path(folder)), "MB")
        subprocess.run([f"{folder}/bin/python", "-m", "compileall", "-q", folder], stdout=subprocess.DEVNULL)
        figures.add("app_env_compiled_mb", size_mb(Path(folder)), "MB")


def size_mb(folder: Path) -> float:
    """Size of the files in a folder, in MB of a million bytes."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6
