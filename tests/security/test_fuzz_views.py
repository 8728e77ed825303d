"""Fuzz tests of generated addresses over real websockets of a real server: responses, and files opened.

The ten thousand cases of `make test-all` print how many were refused, their times and sizes.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.bench.visits.server import PATIENCE_S, browse
from tests.support import fuzz
from tests.support.browser import launched
from tests.support.servers import audit

MOST_BYTES = 600_000  # of one view of these atlases
MOST_ELEMENTS = 400
# Fields that are shown as plain text: by textContent, in inputs, in the address and the title.
PLAIN_TEXT_FIELDS = (
    "delta.new_element.code.code_text",
    "delta.new_element.bidi_component.json",
    "delta.new_element.text_input.value",
    "delta.new_element.text_input.default",
    "delta.new_element.text_area.value",
    "delta.new_element.text_area.default",
    "page_info_changed.query_string",
    "page_config_changed.title",
)
SESSION = "new_session"  # Streamlit itself sends the path of app.py in it
INTERNAL = ("Traceback", "site-packages", 'File "', str(Path.home()), str(audit.ROOT), "/usr/lib", "root:x:")


@dataclass(frozen=True)
class Response:
    """Messages that a server sent for one view."""

    address: fuzz.Address
    messages: list[ForwardMsg]
    n_bytes: int

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield every text with the path of its field."""
        for message in self.messages:
            yield from words(message, "")

    @property
    def refused(self) -> bool:
        return any(message.delta.new_element.alert.body for message in self.messages)


def words(message: Message, path: str) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        name = f"{path}.{field.name}".lstrip(".")
        for item in value if isinstance(value, list) or field.is_repeated else (value,):
            if isinstance(item, Message):
                yield from words(item, name)
            elif isinstance(item, str):
                yield name, item


def view(connection, address: fuzz.Address) -> Response:
    """Request a view as a browser does that follows a link; returns when the script has run."""
    request = BackMsg()
    request.rerun_script.page_name = address.page
    request.rerun_script.query_string = address.query
    connection.send(request.SerializeToString())
    messages, n_bytes = [], 0
    while True:
        data = connection.recv(timeout=PATIENCE_S)
        n_bytes += len(data)
        messages.append(ForwardMsg.FromString(data))
        if is_finished(messages[-1]):
            return Response(address, messages, n_bytes)


def is_finished(message: ForwardMsg) -> bool:
    finished = message.WhichOneof("type") == "script_finished"
    return finished and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN


def problems_of(response: Response) -> list[str]:
    """Return what a response must not contain."""
    problems = [
        message.delta.new_element.exception.message
        for message in response.messages
        if message.delta.new_element.HasField("exception")
    ]
    harmful = [text for text in response.address.texts if len(text) > len(fuzz.MARK) + 1]
    for path, text in response.texts():
        if not path.startswith(PLAIN_TEXT_FIELDS):
            problems += [f"{path} holds {text[:200]!r}" for harm in harmful if harm in text]
        problems += [
            f"{path} tells {text[:200]!r}" for secret in INTERNAL if secret in text and not path.startswith(SESSION)
        ]
    problems += [f"{response.n_bytes} bytes"] * (response.n_bytes > MOST_BYTES)
    problems += [f"{len(response.messages)} messages"] * (len(response.messages) > MOST_ELEMENTS)
    return problems


def cpu_seconds(process: subprocess.Popen) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.fixture
def atlases(tiny_atlas: Path, lab_atlas: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "atlases"
    folder.mkdir()
    for root in (tiny_atlas, lab_atlas):
        (folder / root.name).symlink_to(root)
    return folder


@pytest.mark.parametrize("numbers", [range(60), pytest.param(range(10_000), marks=pytest.mark.slow)], ids=len)
def test_generated_addresses(numbers: range, atlases: Path, tmp_path: Path, capsys):
    log = tmp_path / "audit"
    with launched(atlases, subprocess.DEVNULL, **audit.environment(log)) as (server, port):
        with browse(server, port) as connection:
            results = [check_view(server, connection, number) for number in numbers]
        memory = resident_mb(server)
    check_opened_files(log, atlases)
    refused, sent, seconds = (np.array(column) for column in zip(*results, strict=True))
    assert 0 < refused.sum() < len(results)
    slowest = int(seconds[10:].argmax()) + 10  # the first ones load modules
    with capsys.disabled():
        print(
            f"\n{len(results)} views, {refused.sum()} with an error message; "
            f"CPU of the server {seconds.sum():.0f} s, {1000 * seconds.mean():.0f} ms a view, "
            f"at most {seconds[slowest]:.2f} s (number {numbers[slowest]}); "
            f"at most {sent.max():,} bytes; {memory:.0f} MB"
        )


def check_view(server: subprocess.Popen, connection, number: int) -> tuple[bool, int, float]:
    """Check a view; returns whether it was refused, its bytes, and its CPU seconds."""
    cpu_before, address = cpu_seconds(server), fuzz.address(number)
    response = view(connection, address)
    problems = problems_of(response)
    assert not problems, f"number {number}: {address}\n" + "\n".join(problems)
    return response.refused, response.n_bytes, cpu_seconds(server) - cpu_before


def element_message(**element) -> ForwardMsg:
    """Return a message with one element, by kind and fields."""
    message = ForwardMsg()
    for kind, fields in element.items():
        for name, text in fields.items():
            setattr(getattr(message.delta.new_element, kind), name, text)
    return message


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        ({"exception": {"message": "KeyError"}}, "KeyError"),
        ({"markdown": {"body": f"here: {fuzz.HARMFUL[0]}"}}, "markdown.body holds"),
        ({"html": {"body": fuzz.HARMFUL[1]}}, "html.body holds"),
        ({"alert": {"body": f"{audit.ROOT}/pages is missing"}}, "alert.body tells"),
        ({"bidi_component": {"json": "x" * (MOST_BYTES + 1)}}, f"{MOST_BYTES + 1} bytes"),
    ],
)
def test_problems_are_detected(element: dict, problem: str):
    address = fuzz.Address("", "", tuple(fuzz.HARMFUL))
    (detected,) = problems_of(
        Response(address, [element_message(**element)], MOST_BYTES + 1 if "bytes" in problem else 0)
    )
    assert problem in detected


def test_plain_text_is_no_problem():
    address = fuzz.Address("", "", tuple(fuzz.HARMFUL))
    messages = [
        element_message(bidi_component={"json": fuzz.HARMFUL[0]}),
        element_message(markdown={"body": fuzz.MARK}),
    ]
    assert not problems_of(Response(address, messages, 0))


def resident_mb(process: subprocess.Popen) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024


def check_opened_files(log: Path, atlases: Path) -> None:
    """Check that only the atlases, the program and its libraries were opened, and nothing was sent elsewhere."""
    events = audit.read_events(log)
    assert not audit.outside_paths(
        events, atlases, *(root.resolve() for root in atlases.iterdir()), *audit.OPTIONAL_FILES
    )
    assert not audit.written_paths(events)
    assert not audit.remote_contacts(events)
    assert not audit.processes(events)
    assert not [event for event in events if fuzz.MARK in str(event.arguments)]
