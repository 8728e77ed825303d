"""The explorer on an atlas of GPT2-small's size: every page's time, memory and bytes, compared with the author's app.

That took, on 2 cores with a similar amount of content, 464 ms in the median and 976 ms at the 95th percentile under
AppTest, 1.55 and 2.6 s in a browser from click to painted, 8.5 s from process start to a painted page, and 384 MB.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ne_core.atlas import Atlas
from ne_core.atlas.schema import SCHEMA_VERSION
from precompute.synthetic.settings import Settings
from tests.bench import calls, clicks
from tests.bench.figures import Figures
from tests.bench.visits.server import browse, memory_mb, run_page, server
from tests.bench.visits.views import largest_neurons, views

FOLDER = Path(".bench/synthetic")
SESSIONS, VIEWS = 5, 500


def make_atlas() -> Path:
    """Return the atlas, generated in some minutes unless there is one of these settings and this code."""
    atlas, marker = FOLDER / "atlas", FOLDER / "made-of.json"
    expected = json.dumps({"settings": asdict(Settings()), "schema": SCHEMA_VERSION, "code": code()}, sort_keys=True)
    if not (atlas / "manifest.json").exists() or not marker.exists() or marker.read_text() != expected:
        shutil.rmtree(FOLDER, ignore_errors=True)
        command = [sys.executable, "-m", "precompute", "synthetic", "--out", str(atlas)]
        subprocess.run(command, check=True, stdout=sys.stderr)
        marker.write_text(expected)
    return atlas


def code() -> str:
    """Hash of the generator's code; the code that it calls is covered by the schema's version."""
    files = sorted(Path("precompute/synthetic").glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def measure(figures: Figures) -> None:
    atlas_dir = make_atlas()
    atlas = Atlas.open(atlas_dir)
    with server(atlas_dir.parent) as (process, port), ExitStack() as sessions:
        first, *rest = [sessions.enter_context(browse(process, port)) for _ in range(SESSIONS)]
        measure_pages(figures, atlas, first)
        for session in rest:
            for page, queries in views(atlas).items():
                run_page(session, page, queries[-1])
        figures.add("app_rss_mb_synthetic", resident_mb(process), "MB")
        measure_growth(figures, atlas, process, first)
        figures.add("app_peak_rss_mb_synthetic", memory_mb(process), "MB")
        figures.add("neuron_page_kb_synthetic", max(kilobytes(first, atlas)), "kB")
    calls.measure_search(figures, atlas_dir)
    calls.measure_apptest(figures, atlas_dir)
    clicks.measure(figures, atlas_dir)


def measure_pages(figures: Figures, atlas: Atlas, session) -> None:
    """Measure every warm page's 95th percentile over views of many kinds, and that of the slowest page."""
    worst = {}
    for page, queries in views(atlas).items():
        for query in queries[:3]:
            run_page(session, page, query)
        seconds = [run_page(session, page, query) for query in queries]
        name = page or "overview"
        worst[name] = 1000 * float(np.percentile(seconds, 95))
        figures.add(f"page_server_ms_p95_synthetic_{name}", worst[name], "ms")
    figures.add("page_server_ms_p95_synthetic", max(worst.values()), "ms")


def measure_growth(figures: Figures, atlas: Atlas, process: subprocess.Popen, session) -> None:
    """Measure the growth of resident memory over VIEWS views of all pages, after each was opened and half as many more.

    Until then caches fill; a leak would go on.
    """
    all_views = [(page, query) for page, queries in views(atlas).items() for query in queries]
    for page, query in all_views:
        run_page(session, page, query)
    numbers = np.random.default_rng(1).integers(len(all_views), size=VIEWS + VIEWS // 2)
    for number in numbers[: VIEWS // 2]:
        run_page(session, *all_views[number])
    before = resident_mb(process)
    for number in numbers[VIEWS // 2 :]:
        run_page(session, *all_views[number])
    figures.add("app_rss_growth_mb_500_views_synthetic", resident_mb(process) - before, "MB")


def kilobytes(session, atlas: Atlas) -> Iterator[float]:
    """Yield the kB sent to the browser for neuron pages, the largest among them."""
    for query in [*largest_neurons(atlas), *views(atlas)["neuron"]]:
        yield run_page(session, "neuron", query, bytes_sent=True) / 1000


def resident_mb(process: subprocess.Popen) -> float:
    """Resident memory of the server now, in MB, including pages of mapped files."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
