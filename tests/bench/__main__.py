"""`python -m tests.bench [--full] [--only NAME …]`: prints `name value unit`, a line for each figure.

It takes about ten minutes; `--full` adds longer ones, such as a whole build at GPT2-small's shape.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from precompute.demo_model.quiet import quiet
from tests.bench import (
    app,
    collect,
    gpt2,
    gpt2_laptop,
    importance,
    layout,
    precision,
    prompt,
    sae,
    similar,
    storage,
    synthetic,
    trees,
)
from tests.bench.figures import Figures
from tests.bench.visits import load, prompt_load

MODEL = Path("data/models/demo")
ATLAS = Path("data/demo")


def bench_app(figures: Figures) -> None:
    app.measure(figures, ATLAS)


def bench_app_env(figures: Figures) -> None:
    app.measure_environment(figures)


def bench_collect(figures: Figures) -> None:
    collect.measure(figures, MODEL)


def bench_precision(figures: Figures) -> None:
    precision.measure(figures, MODEL)


def bench_importance(figures: Figures) -> None:
    importance.measure(figures, MODEL)


def bench_trees(figures: Figures) -> None:
    trees.measure(figures)


def bench_nearest(figures: Figures) -> None:
    similar.measure_speed(figures)


def bench_similar(figures: Figures) -> None:
    similar.measure_key_tokens(figures, ATLAS)


def bench_layout(figures: Figures) -> None:
    layout.measure(figures, ATLAS)


def bench_sae(figures: Figures) -> None:
    sae.measure(figures)


def bench_lab(figures: Figures) -> None:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        command = [sys.executable, "-m", "precompute", "lab", "--out", f"{folder}/digits"]
        subprocess.run(command, check=True, stdout=sys.stderr)
        figures.add("lab_build_s", time.perf_counter() - started, "s")


def bench_storage(figures: Figures) -> None:
    storage.measure_recall(figures, ATLAS, "demo")


def bench_gpt2(figures: Figures) -> None:
    gpt2.measure(figures, Path(".bench/gpt2"), MODEL)


def bench_gpt2_laptop(figures: Figures) -> None:
    gpt2_laptop.measure(figures, Path(".bench/gpt2"), MODEL)


def bench_synthetic(figures: Figures) -> None:
    synthetic.measure(figures)


def bench_prompt(figures: Figures) -> None:
    prompt.measure(figures, ATLAS)


def bench_prompt_gpt2(figures: Figures) -> None:
    prompt.measure_gpt2(figures, Path(".bench/gpt2/model"), MODEL)


def bench_prompt_load(figures: Figures) -> None:
    prompt_load.measure(figures, ATLAS)


def bench_load(figures: Figures) -> None:
    load.measure(figures)


def bench_build(figures: Figures) -> None:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        command = [sys.executable, "-m", "precompute", "build", "--preset", "demo", "--out", f"{folder}/demo"]
        subprocess.run(command, check=True, stdout=sys.stderr)
        figures.add("demo_build_s", time.perf_counter() - started, "s")


BENCHES = {
    "app": bench_app,
    "prompt": bench_prompt,
    "synthetic": bench_synthetic,
    "similar": bench_similar,
    "layout": bench_layout,
    "storage": bench_storage,
    "collect": bench_collect,
    "importance": bench_importance,
    "trees": bench_trees,
    "nearest": bench_nearest,
    "build": bench_build,
    "sae": bench_sae,
    "lab": bench_lab,
}
FULL = {
    "app_env": bench_app_env,
    "precision": bench_precision,
    "gpt2": bench_gpt2,
    "gpt2_laptop_minutes": bench_gpt2_laptop,
    "load": bench_load,
    "prompt_gpt2": bench_prompt_gpt2,
    "prompt_load": bench_prompt_load,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--full", action="store_true", help="also the longer ones")
    parser.add_argument("--only", nargs="+", choices=BENCHES | FULL, help="benchmarks to run")
    options = parser.parse_args()
    quiet()
    figures = Figures()
    for name in options.only or (BENCHES | FULL if options.full else BENCHES):
        (BENCHES | FULL)[name](figures)
    figures.write()


if __name__ == "__main__":
    main()
