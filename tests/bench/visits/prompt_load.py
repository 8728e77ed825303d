"""Fifty visitors on the other pages of the demo atlas, without and with ten who type texts: `prompt_load_*`.

Both take turns, ROUNDS times, so that a slow minute of the machine meets both.
"""

import sys
from pathlib import Path

import numpy as np

from tests.bench.figures import Figures
from tests.bench.visits.load import VISITORS, Load, run_visitors
from tests.bench.visits.server import browse, run_page, server

TYPISTS, SECONDS, SPREAD_S, ROUNDS = 10, 60.0, 10.0, 2


def measure(figures: Figures, atlas: Path, seconds: float = SECONDS) -> None:
    without, with_typists = [], []
    with server(atlas.parent) as (process, port):
        with browse(process, port) as first:
            run_page(first, "prompt", f"atlas={atlas.name}&text=warm")  # the model is loaded from here on
        for number in range(ROUNDS):
            print(f"round {number + 1} of {ROUNDS}: {2 * seconds:.0f} s of clicks", file=sys.stderr, flush=True)
            without.append(run_visitors(process, port, atlas, VISITORS, seconds, SPREAD_S))
            with_typists.append(run_visitors(process, port, atlas, VISITORS, seconds, SPREAD_S, typists=TYPISTS))
    before, after = p95(without), p95(with_typists)
    figures.add("prompt_load_p95_ms_without", before, "ms")
    figures.add("prompt_load_p95_ms_with", after, "ms")
    figures.add("prompt_load_p95_ratio", after / before, "x")
    errors = [each for load in without + with_typists for each in load.errors]
    figures.add("prompt_load_errors", len(errors), "errors")
    for error in errors[:5]:
        print(error, file=sys.stderr)


def p95(loads: list[Load]) -> float:
    return float(np.percentile([ms for load in loads for ms in load.milliseconds], 95))
