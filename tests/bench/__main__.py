"""`python -m tests.bench [--only NAME …]`: prints `name value unit`, a line for each figure."""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from precompute.demo_model.quiet import quiet
from tests.bench import app, collect, precision, similar
from tests.bench.figures import Figures

MODEL = Path("data/models/demo")
ATLAS = Path("data/demo")


def bench_app(figures: Figures) -> None:
    app.measure(figures, ATLAS)


def bench_collect(figures: Figures) -> None:
    collect.measure(figures, MODEL)


def bench_precision(figures: Figures) -> None:
    precision.measure(figures, MODEL)


def bench_similar(figures: Figures) -> None:
    similar.measure(figures, ATLAS)


def bench_build(figures: Figures) -> None:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        command = [sys.executable, "-m", "precompute", "build", "--preset", "demo", "--out", f"{folder}/demo"]
        subprocess.run(command, check=True, stdout=sys.stderr)
        figures.add("demo_build_s", time.perf_counter() - started, "s")


BENCHES = {
    "app": bench_app,
    "similar": bench_similar,
    "collect": bench_collect,
    "precision": bench_precision,
    "build": bench_build,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--only", nargs="+", choices=BENCHES, default=list(BENCHES), help="which to run")
    quiet()
    figures = Figures()
    for name in parser.parse_args().only:
        BENCHES[name](figures)
    figures.write()


if __name__ == "__main__":
    main()
