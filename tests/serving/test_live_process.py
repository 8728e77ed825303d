"""The live process, with a worker without a model: it dies, is too slow, is idle, and is started again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ne_core.live.answers import Ready, Refused
from ne_core.live.requests import OpenModel, ReadText
from pages.components.serving.live_process import DIED, NOT_STARTED, LiveProcess

ATLAS = Path("some-atlas")
WORKER = (sys.executable, "-m", "tests.support.live_worker")


@pytest.fixture
def process():
    process = LiveProcess(idle_s=60, open_s=30, answer_s=10, command=WORKER)
    yield process
    process.end()


def text(process: LiveProcess, text: str, atlas: Path = ATLAS) -> str:
    return process.answer(atlas, ReadText(text)).message


def gone(pid: int, within_s: float = 20) -> bool:
    """Return whether a process that is not a child of ours has ended, or will soon."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_one_process_answers_all(process):
    first, second = text(process, "a"), text(process, "b")
    assert first.split()[1], second.split()[1] == ("a", "b")
    assert first.split()[0] == second.split()[0] == str(process.process.pid)


def test_the_model_is_opened_before_the_first_request_of_an_atlas(process):
    ready = process.answer(ATLAS, OpenModel())
    assert isinstance(ready, Ready)
    assert Path(ready.notes[1]) == ATLAS.resolve()
    assert text(process, "a", Path("refused")) == "no such model"


def test_one_that_dies_fails_the_request_and_the_next_one_works(process):
    first = text(process, "a").split()[0]
    assert text(process, "die") == DIED
    assert text(process, "b").split()[0] not in (first, "")


def test_one_that_was_killed_between_requests_is_started_anew_without_a_word(process):
    pid = int(text(process, "a").split()[0])
    os.kill(pid, signal.SIGKILL)
    process.process.wait()
    assert text(process, "b").endswith(" b")


def test_nonsense_ends_it(process):
    text(process, "a")
    assert text(process, "nonsense") == DIED
    assert text(process, "b").endswith(" b")


def test_one_that_is_late_is_ended(process):
    pid = int(text(process, "a").split()[0])
    process.answer_s = 0.3
    assert "longer than 0 seconds" in text(process, "sleep30")
    assert gone(pid)
    process.answer_s = 10
    assert text(process, "b").endswith(" b")


def test_one_that_is_idle_is_ended(process):
    process.idle_s = 0.2
    pid = int(text(process, "a").split()[0])
    assert gone(pid)
    assert process.process is None
    assert text(process, "b").endswith(" b")


def test_one_that_cannot_be_started_says_so():
    process = LiveProcess(60, 30, 10, command=(sys.executable, "-c", "raise SystemExit(1)"))
    assert process.answer(ATLAS, ReadText("a")) == Refused(NOT_STARTED)
    assert LiveProcess(60, 30, 10, command=("/no/such/program",)).answer(ATLAS, ReadText("a")) == Refused(NOT_STARTED)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_the_app(how):
    """Its input is closed when the process at the other end ends, for any reason."""
    code = (
        "import sys, time; from pathlib import Path; from ne_core.live.requests import ReadText\n"
        "from pages.components.serving.live_process import LiveProcess\n"
        f"process = LiveProcess(60, 30, 10, command={WORKER!r})\n"
        "print(process.answer(Path('a'), ReadText('x')).message, flush=True); time.sleep(60)"
    )
    app = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pid = int(app.stdout.readline().split()[0])
    app.send_signal(how)
    app.wait()
    app.stdout.close()
    assert gone(pid)
