"""`python -m tests.bench.visitors PORT ATLAS N SECONDS SPREAD`: N visitors in a process of their own, who come within
SPREAD seconds and stay for SECONDS each; prints what they met as JSON, the processor time of this process among it.
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


async def visitors(port: int, atlas: Atlas, n: int, seconds: float, spread: float) -> list[Visit]:
    going = zip(range(n), journeys(atlas), strict=False)
    return await asyncio.gather(*(visit(port, each, spread * number / n, seconds) for number, each in going))


def main() -> None:
    port, root, n, seconds, spread = sys.argv[1:]
    started, before = time.perf_counter(), time.process_time()
    found = asyncio.run(visitors(int(port), Atlas.open(Path(root)), int(n), float(seconds), float(spread)))
    took = time.perf_counter() - started
    cores = (time.process_time() - before) / took
    print(json.dumps({"visits": [asdict(each) for each in found], "seconds": took, "cores": cores}))


if __name__ == "__main__":
    main()
