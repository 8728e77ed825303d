"""The explorer in a real Chromium: from a click to the painted page."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ne_core.atlas import Atlas
from tests.bench.figures import Figures
from tests.bench.visits.views import neuron_query
from tests.support.browser import CHROMIUM, PATIENCE_MS, chromium, launched, settled, wait_for

CLICKS, STARTS = 15, 3
PAGE_CHANGED = """before => document.querySelector('h1')?.textContent !== before &&
    document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def measure(figures: Figures, atlas_dir: Path) -> None:
    """Measure, unless there is no browser on this machine."""
    if CHROMIUM is None:
        return
    figures.add(
        "process_start_to_painted_s_synthetic", float(np.median([start(atlas_dir) for _ in range(STARTS)])), "s"
    )
    seconds = list(clicks(atlas_dir))
    for percent in (50, 95):
        value = 1000 * float(np.percentile(seconds, percent))
        figures.add(f"page_click_to_painted_ms_p{percent}_synthetic", value, "ms")


def start(atlas_dir: Path) -> float:
    """Seconds from process start to the first painted page, in a browser that is running already."""
    with chromium() as browser, tempfile.TemporaryFile("w+") as log:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        started = time.perf_counter()
        with launched(atlas_dir.parent, log) as (process, port):
            address = f"http://127.0.0.1:{port}"
            wait_for(process, address, log)
            page.goto(f"{address}/neuron?atlas={atlas_dir.name}")
            page.locator("h1").first.wait_for(timeout=PATIENCE_MS)
            settled(page)
            page.evaluate(PAINTED)
            return time.perf_counter() - started


def clicks(atlas_dir: Path) -> Iterator[float]:
    """Yield seconds from a click on Next, and on the first similar feature, to painted; each neuron once."""
    atlas = Atlas.open(atlas_dir)
    rows = np.random.default_rng(2).choice(np.flatnonzero(atlas.neurons["n_features"]), size=CLICKS, replace=False)
    with chromium() as browser, tempfile.TemporaryFile("w+") as log, launched(atlas_dir.parent, log) as (process, port):
        wait_for(process, f"http://127.0.0.1:{port}", log)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        for row in rows:
            page.goto(f"http://127.0.0.1:{port}/neuron?{neuron_query(atlas, row)}")
            page.locator("h1").first.wait_for(timeout=PATIENCE_MS)
            for target in targets(page):
                target.wait_for(timeout=PATIENCE_MS)
                settled(page)
                yield click_seconds(page, target)


def targets(page) -> tuple:
    similar = page.get_by_role("list", name="Features similar").get_by_role("link").first
    return page.get_by_role("button", name="Next", exact=True), similar


def click_seconds(page, target) -> float:
    before = page.locator("h1").first.text_content()
    target.scroll_into_view_if_needed()
    started = time.perf_counter()
    target.click()
    page.wait_for_function(PAGE_CHANGED, arg=before, timeout=PATIENCE_MS)
    page.evaluate(PAINTED)
    return time.perf_counter() - started
