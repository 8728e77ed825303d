"""`python -m tests.bench.visitors PORT ATLAS N SECONDS SPREAD PATIENT`: N visitors in a process of their own.

They arrive within SPREAD seconds and stay for SECONDS each; PATIENT is 1 or 0. Prints their times and errors as JSON,
and the processor time of this process.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ne_core.atlas import Atlas
from tests.bench.views import views
from tests.bench.visitor import Visit, visit

N_NEURONS = 2000  # so that few views of a run are repeated
# clicks of a hundred by page, "" being the overview; other pages have one
WEIGHTS = {"neuron": 46, "search": 14, "ranking": 12, "map": 8, "": 6, "across_layers": 6, "side_by_side": 6}


def journeys(atlas: Atlas) -> Iterator[Iterator[tuple[str, str]]]:
    """Return endless seeded journeys, each of the pages and queries of one visitor, mostly from neuron to neuron."""
    offered = views(atlas, N_NEURONS)
    return (journey(offered, number) for number in range(10**6))


def journey(offered: dict[str, list[str]], number: int) -> Iterator[tuple[str, str]]:
    rng, pages = np.random.default_rng(number), list(offered)
    weights = np.array([WEIGHTS.get(page, 1) for page in pages], dtype=float)
    while True:
        page = pages[rng.choice(len(pages), p=weights / weights.sum())]
        yield page, offered[page][rng.integers(len(offered[page]))]


async def visitors(port: int, atlas: Atlas, n: int, seconds: float, spread: float, patient: bool) -> list[Visit]:
    numbered = zip(range(n), journeys(atlas), strict=False)
    starts = ((spread * number / n, visitor_journey) for number, visitor_journey in numbered)
    return await asyncio.gather(
        *(visit(port, visitor_journey, start, seconds, patient) for start, visitor_journey in starts)
    )


def main() -> None:
    port, root, n, seconds, spread, patient = sys.argv[1:]
    started, cpu_before = time.perf_counter(), time.process_time()
    atlas = Atlas.open(Path(root))
    visits = asyncio.run(visitors(int(port), atlas, int(n), float(seconds), float(spread), patient == "1"))
    elapsed = time.perf_counter() - started
    cores = (time.process_time() - cpu_before) / elapsed
    print(json.dumps({"visits": [asdict(each_visit) for each_visit in visits], "seconds": elapsed, "cores": cores}))


if __name__ == "__main__":
    main()
