"""`python -m tests.bench.visitors PORT ATLAS N SECONDS SPREAD PATIENT`: N visitors in a process of their own, who come
within SPREAD seconds and stay for SECONDS each; PATIENT is 1 or 0. Prints what they met as JSON, and what processor
time this process took.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from ne_core.atlas import Atlas
from tests.bench.mix import journeys
from tests.bench.visitor import Visit, visit


async def visitors(port: int, atlas: Atlas, n: int, seconds: float, spread: float, patient: bool) -> list[Visit]:
    going = zip(range(n), journeys(atlas), strict=False)
    starts = ((spread * number / n, each) for number, each in going)
    return await asyncio.gather(*(visit(port, each, start, seconds, patient) for start, each in starts))


def main() -> None:
    port, root, n, seconds, spread, patient = sys.argv[1:]
    started, before = time.perf_counter(), time.process_time()
    atlas = Atlas.open(Path(root))
    found = asyncio.run(visitors(int(port), atlas, int(n), float(seconds), float(spread), patient == "1"))
    took = time.perf_counter() - started
    cores = (time.process_time() - before) / took
    print(json.dumps({"visits": [asdict(each) for each in found], "seconds": took, "cores": cores}))


if __name__ == "__main__":
    main()
