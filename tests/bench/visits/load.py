"""The explorer under many visitors, on the atlas of GPT2-small's size: time of a click, and memory.

The visitors are a process of their own and take processor time from the server's machine: `load_visitors_cores` is how
much. `load_host_mb` is the memory limit of the server, its files' pages included. Times run from when a click was due
to the end of its script run.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.bench.figures import Figures
from tests.bench.synthetic import make_atlas, resident_mb
from tests.bench.visits.limit import drop_page_cache, limit
from tests.bench.visits.server import browse, run_page, server

HOST_BYTES = 10**9
VISITORS, SECONDS, SPREAD_S, AFTER_S = 50, 300.0, 30.0, 60.0
MANY, MANY_SECONDS = 200, 60.0


@dataclass(frozen=True)
class Load:
    """Times and errors of visitors, and resources of the server."""

    milliseconds: list[float]
    errors: list[str]
    n_wait_messages: int
    seconds: float
    visitors_cores: float
    server_cores: float
    peak_mb: float


def measure(figures: Figures, seconds: float = SECONDS) -> None:
    """Run fifty visitors, then none, then two hundred at once; on as small a host as possible."""
    atlas = make_atlas()
    drop_page_cache(atlas)
    with limit(HOST_BYTES) as limited, server(atlas.parent) as (process, port):
        figures.add("load_host_mb", HOST_BYTES / 1e6 if limited(process) else float("inf"), "MB")
        with browse(process, port) as first:
            run_page(first, "", f"atlas={atlas.name}")
        write(figures, "load", run_visitors(process, port, atlas, VISITORS, seconds, SPREAD_S))
        time.sleep(min(AFTER_S, seconds))
        figures.add("load_rss_mb_after", resident_mb(process), "MB")
        write(figures, "load_overload", run_visitors(process, port, atlas, MANY, min(MANY_SECONDS, seconds), 0.0, True))
        time.sleep(min(AFTER_S, seconds))
        figures.add("load_overload_rss_mb_after", resident_mb(process), "MB")


def run_visitors(
    process: subprocess.Popen,
    port: int,
    atlas: Path,
    n: int,
    seconds: float,
    spread: float,
    patient: bool = False,
    typists: int = 0,
) -> Load:
    """Run visitors, and watch the server until the last has left; clicks of typists are not among the times."""
    arguments = map(str, (port, atlas, n, seconds, spread, int(patient), typists))
    command = [sys.executable, "-m", "tests.bench.visits.visitors", *arguments]
    started, cpu_before, peak = time.perf_counter(), processor_s(process), 0.0
    with tempfile.TemporaryFile("w+") as out, subprocess.Popen(command, stdout=out) as visitors:
        while visitors.poll() is None:
            peak = max(peak, resident_mb(process))
            time.sleep(0.5)
        out.seek(0)
        report = json.load(out)
    cores = (processor_s(process) - cpu_before) / (time.perf_counter() - started)
    visits = report["visits"]
    return Load(
        [1000 * each for visit in visits for each in visit["seconds"]],
        [each for visit in visits + report["typed"] for each in visit["errors"]],
        sum(visit["n_wait_messages"] for visit in visits),
        report["seconds"],
        report["cores"],
        cores,
        peak,
    )


def write(figures: Figures, name: str, load: Load) -> None:
    for percent in (50, 95, 100):
        statistic = "max" if percent == 100 else f"p{percent}"
        figures.add(f"{name}_page_ms_{statistic}", float(np.percentile(load.milliseconds, percent)), "ms")
    figures.add(f"{name}_clicks", len(load.milliseconds), "clicks")
    figures.add(f"{name}_clicks_per_s", len(load.milliseconds) / load.seconds, "clicks/s")
    figures.add(f"{name}_errors", len(load.errors), "errors")
    figures.add(f"{name}_rss_mb", load.peak_mb, "MB")
    figures.add(f"{name}_server_cores", load.server_cores, "cores")
    figures.add(f"{name}_visitors_cores", load.visitors_cores, "cores")
    figures.add(f"{name}_told_to_wait", load.n_wait_messages, "messages")
    for error in load.errors[:5]:
        print(error, file=sys.stderr)


def processor_s(process: subprocess.Popen) -> float:
    """Processor seconds of the server so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    measure(Figures(), *map(float, sys.argv[1:]))
