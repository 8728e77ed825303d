"""The explorer without a browser or a network: pages under Streamlit's AppTest, and the search index alone."""

import os
import time
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from ne_core.atlas import Atlas
from tests.bench.figures import Figures
from tests.bench.visits.views import search_terms, views
from tests.support.apptest import APP

PAGES, REPEATS = ("", "neuron", "board", "search"), 5


def measure_apptest(figures: Figures, atlas_dir: Path) -> None:
    """Measure each view once, leaving out the first of each page, which loads what the page needs."""
    os.environ["NE_ATLASES"] = str(atlas_dir.parent)
    seconds = []
    for page in PAGES:
        app = AppTest.from_file(str(APP), default_timeout=60)
        if page:
            app.switch_page(f"pages/{page}.py")
        queries = views(Atlas.open(atlas_dir))[page][-12:]
        seconds += [run(app, query) for query in (queries[0], *queries)][1:]
    for percent in (50, 95):
        figures.add(f"page_apptest_ms_p{percent}_synthetic", 1000 * float(np.percentile(seconds, percent)), "ms")


def run(app: AppTest, query: str) -> float:
    app.query_params.clear()
    for parameter in query.split("&"):
        name, value = parameter.split("=", 1)
        app.query_params[name] = value.replace("+", " ")
    started = time.perf_counter()
    app.run()
    if app.exception:
        raise RuntimeError(f"{query}: {app.exception[0].message}")
    return time.perf_counter() - started


def measure_search(figures: Figures, atlas_dir: Path) -> None:
    """Measure queries of every kind, the commonest words among them, several times each."""
    atlas, seconds = Atlas.open(atlas_dir), []
    for words in search_terms(atlas):
        text = words.replace("+", " ")
        tokens = [id for id, token in enumerate(atlas.vocab) if token.strip() == text]
        for _ in range(REPEATS):
            for search, query in ((atlas.search.words, text), (atlas.search.named, text)):
                seconds.append(timed(search, query))
            if tokens:
                seconds.append(timed(atlas.search.key_token, tokens))
    figures.add("search_ms_p95_synthetic", 1000 * float(np.percentile(seconds, 95)), "ms")
    figures.add("search_ms_max_synthetic", 1000 * max(seconds), "ms")


def timed(search, query) -> float:
    started = time.perf_counter()
    search(query)
    return time.perf_counter() - started
