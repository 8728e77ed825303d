"""`python -m tests.bench.visits.visitors PORT ATLAS N SECONDS SPREAD PATIENT TYPISTS`: N visitors in one process.

They arrive within SPREAD seconds and stay for SECONDS each; PATIENT is 1 or 0. As many more, TYPISTS, type texts on the
prompt page. Prints times and errors of both as JSON, and the processor time of this process.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from ne_core.atlas import Atlas
from tests.bench.visits.views import views
from tests.bench.visits.visitor import Visit, visit

TYPED_TOKENS, TYPING_S = 64, 10.0  # length of a text, and from one to the next
N_NEURONS = 2000  # so that few views of a run are repeated
# clicks of a hundred by page, "" being the overview; other pages have one
WEIGHTS = {"neuron": 46, "search": 14, "ranking": 12, "map": 8, "": 6, "across_layers": 6, "side_by_side": 6}


def journeys(atlas: Atlas) -> Iterator[Iterator[tuple[str, str]]]:
    """Return endless seeded journeys, each of the pages and queries of one visitor, mostly from neuron to neuron."""
    offered = views(atlas, min(N_NEURONS, int(np.count_nonzero(atlas.neurons["n_features"]))))
    return (journey(offered, number) for number in range(10**6))


def journey(offered: dict[str, list[str]], number: int) -> Iterator[tuple[str, str]]:
    rng, pages = np.random.default_rng(number), list(offered)
    weights = np.array([WEIGHTS.get(page, 1) for page in pages], dtype=float)
    while True:
        page = pages[rng.choice(len(pages), p=weights / weights.sum())]
        yield page, offered[page][rng.integers(len(offered[page]))]


def texts(atlas: Atlas, number: int) -> Iterator[tuple[str, str]]:
    """Return endless texts of one typist: beginnings of random examples, each another one."""
    rng = np.random.default_rng(number)
    while True:
        text = "".join(atlas.text(atlas.tokens[rng.integers(len(atlas.tokens)), 1:TYPED_TOKENS]))
        yield "prompt", urlencode({"atlas": atlas.root.name, "text": text})


async def typists(port: int, atlas: Atlas, n: int, seconds: float, spread: float) -> list[Visit]:
    visits = (visit(port, texts(atlas, number), spread * number / n, seconds, think=TYPING_S) for number in range(n))
    return await asyncio.gather(*visits)


async def visitors(port: int, atlas: Atlas, n: int, seconds: float, spread: float, patient: bool) -> list[Visit]:
    numbered = zip(range(n), journeys(atlas), strict=False)
    starts = ((spread * number / n, visitor_journey) for number, visitor_journey in numbered)
    return await asyncio.gather(
        *(visit(port, visitor_journey, start, seconds, patient) for start, visitor_journey in starts)
    )


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.visits.visitors")
    for name, kind in (("port", int), ("atlas", Path), ("n", int), ("seconds", float), ("spread", float)):
        parser.add_argument(name, type=kind)
    parser.add_argument("patient", type=int, choices=(0, 1))
    parser.add_argument("typists", type=int)
    return parser.parse_args()


async def all_of(given: argparse.Namespace) -> list[list[Visit]]:
    atlas, stay = Atlas.open(given.atlas), (given.seconds, given.spread)
    walking = visitors(given.port, atlas, given.n, *stay, bool(given.patient))
    return await asyncio.gather(walking, typists(given.port, atlas, given.typists, *stay))


def main() -> None:
    started, cpu_before = time.perf_counter(), time.process_time()
    visits, typed = asyncio.run(all_of(options()))
    elapsed = time.perf_counter() - started
    cores = (time.process_time() - cpu_before) / elapsed
    report = {"visits": list(map(asdict, visits)), "typed": list(map(asdict, typed))}
    print(json.dumps({**report, "seconds": elapsed, "cores": cores}))


if __name__ == "__main__":
    main()
