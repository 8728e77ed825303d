"""Fuzz tests with a client that is no browser: random frames, and random values of all widgets and components.

Streamlit parses a client's message before a page does, and ends that client's own run if it cannot. Checked here: our
code raises no error, the server stays up, and other visitors are not affected.
"""

import json
import random
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed

from pages.components.shell.nav import PAGES
from tests.bench.visits.server import PATIENCE_S, browse
from tests.security.test_fuzz_views import (
    atlases,  # noqa: F401
    is_finished,
    problems_of,
    view,
)
from tests.support import fuzz
from tests.support.browser import ROOT, launched

# Fields that each kind of widget sends; a component sends JSON. One in ten sends another kind's field.
FIELDS = {
    "selectbox": ("string_value",),
    "number_input": ("double_value", "int_value"),
    "slider": ("double_array_value",),
    "text_input": ("string_value",),
    "text_area": ("string_value",),
    "button": ("trigger_value",),
    "checkbox": ("bool_value",),
    "button_group": ("string_array_value", "int_array_value", "string_value"),
    "bidi_component": ("json_value", "json_trigger_value"),
}
NUMBERS = (0, 1, -1, 3, 40, 1e308, -1e18, float("nan"), float("inf"), 2**53, 0.5)
VIEWS = ("atlas=planted", "atlas=planted&layer=0&neuron=2", "q=cat", "atlas=planted-lab", "atlas=planted-lab&unit=1")


def widgets(messages: list[ForwardMsg]) -> dict[str, str]:
    """Return the id and kind of each widget on a page."""
    kinds = {}
    for message in messages:
        kind = message.delta.new_element.WhichOneof("type")
        if kind and (name := getattr(getattr(message.delta.new_element, kind), "id", "")):
            kinds[name] = kind
    return kinds


def set_random_value(state: WidgetState, kind: str, rng: random.Random) -> None:
    field = rng.choice(FIELDS.get(kind, ("string_value",)) if rng.random() < 0.9 else rng.choice(list(FIELDS.values())))
    number = rng.choice(NUMBERS)
    if field == "double_value":
        state.double_value = number
    elif field == "int_value":
        state.int_value = rng.choice((0, 1, -1, 7, 2**62, -(2**63)))
    elif field.endswith("array_value"):
        values = {"double": NUMBERS, "int": (0, 1, -1, 2**40), "string": ("neuron", "token", fuzz.HARMFUL[0])}
        getattr(state, field).data.extend(rng.choices(values[field.split("_")[0]], k=rng.choice((0, 1, 2, 50))))
    elif field == "string_value":
        state.string_value = clean(fuzz.text(rng.randrange(10**6)))
    elif field.startswith("json"):
        value = fuzz.json_value(rng.randrange(10**6))
        options = (value, {"request": value}, [{"event": "request", "value": value}])
        setattr(state, field, json.dumps(rng.choice(options)))
    else:
        setattr(state, field, True)


def clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def send_forged(connection, rng: random.Random) -> None:
    """Open a page, then send random values of some of its widgets."""
    page, query = rng.choice(list(PAGES)), rng.choice(VIEWS)
    page_widgets = widgets(view(connection, fuzz.Address(page, query, ())).messages)
    message = BackMsg()
    message.rerun_script.page_name, message.rerun_script.query_string = page, query
    for name in rng.sample(list(page_widgets), k=min(len(page_widgets), rng.choice((1, 1, 2, 5)))):
        state = message.rerun_script.widget_states.widgets.add()
        state.id = name if rng.random() < 0.95 else fuzz.HARMFUL[0]
        set_random_value(state, page_widgets[name], rng)
    connection.send(message.SerializeToString())
    while not is_finished(ForwardMsg.FromString(connection.recv(timeout=PATIENCE_S))):
        pass


def own_tracebacks(log: str) -> Iterator[str]:
    """Yield the last frame of tracebacks that end in our own code, below Streamlit's parsing."""
    for block in log.split("Traceback (most recent call last):")[1:]:
        frames = re.findall(r'File "(.+)", line (\d+), in', block)
        yield from (f"{path}:{line}" for path, line in frames[-1:] if is_own_code(path))


def is_own_code(path: str) -> bool:
    return path.startswith(f"{ROOT}/") and "site-packages" not in path


def test_own_tracebacks_are_recognised():
    head, page, library = "Traceback (most recent call last):", f"{ROOT}/pages/a.py", "/lib/site-packages/b.py"
    lines = [head, f'File "{page}", line 3, in f', f'File "{library}", line 4, in g', "KeyError"]
    assert not list(own_tracebacks("\n".join(lines)))
    assert list(own_tracebacks("\n".join([*lines, head, lines[2], lines[1]]))) == [f"{page}:3"]


@pytest.mark.parametrize("numbers", [range(6), pytest.param(range(1000), marks=pytest.mark.slow)], ids=len)
def test_forged_widget_values(numbers: range, atlases: Path, capsys):  # noqa: F811
    with (
        tempfile.TemporaryFile("w+") as log,
        launched(atlases, log, STREAMLIT_LOGGER_ENABLE_RICH="false") as (server, port),
    ):
        with browse(server, port) as bystander:
            for number in numbers:
                with browse(server, port) as connection:
                    send_forged(connection, random.Random(number))
                problems = problems_of(view(bystander, fuzz.Address("neuron", "atlas=planted&layer=0&neuron=2", ())))
                assert not problems, f"number {number}: {problems}"
        log.seek(0)
        log_text = log.read()
    assert not list(own_tracebacks(log_text)), log_text[-5000:]
    with capsys.disabled():
        print(f"\n{len(numbers)} forged messages, {log_text.count('Traceback (most')} of them ended by Streamlit")


@pytest.mark.parametrize("numbers", [range(80), pytest.param(range(10_000), marks=pytest.mark.slow)], ids=len)
def test_random_frames(numbers: range, tiny_atlas: Path):
    """Send bytes, texts, halves of messages, and many at once."""
    good = BackMsg()
    good.rerun_script.query_string = "atlas=planted"
    with launched(tiny_atlas.parent, subprocess.DEVNULL) as (server, port):
        for start in range(0, len(numbers), 10):
            with suppress(ConnectionClosed), browse(server, port) as connection:
                for number in numbers[start : start + 10]:
                    connection.send(frame(random.Random(number), good.SerializeToString()))
        with browse(server, port) as bystander:
            assert not problems_of(view(bystander, fuzz.Address("", "atlas=planted", ())))


def frame(rng: random.Random, good: bytes) -> bytes | str:
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randbytes(rng.choice((0, 1, 10, 1000, 100_000)))
    if kind == 1:
        return clean(fuzz.text(rng.randrange(10**6)))
    if kind == 2:
        return good[: rng.randrange(len(good))] + rng.randbytes(3)
    return good
