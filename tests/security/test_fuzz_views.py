"""Views of generated addresses, over real websockets from a real server: what comes back, and what was opened for it.

The ten thousand of `make test-all` print how many were refused, how long they took and how much they sent.
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

from tests.bench.server import PATIENCE_S, browse
from tests.support import fuzz
from tests.support.browser import launched
from tests.support.servers import audit

MOST_BYTES = 600_000  # of one view of these atlases, whatever is asked
MOST_ELEMENTS = 400
# Where text is text: components draw it by textContent, fields hold it, the browser writes it into bar and title.
AS_TEXT = (
    "delta.new_element.code.code_text",
    "delta.new_element.bidi_component.json",
    "delta.new_element.text_input.value",
    "delta.new_element.text_input.default",
    "page_info_changed.query_string",
    "page_config_changed.title",
)
OWN = "new_session"  # where Streamlit itself tells every browser the path of app.py
INSIDE = ("Traceback", "site-packages", 'File "', str(Path.home()), str(audit.ROOT), "/usr/lib", "root:x:")


@dataclass(frozen=True)
class Seen:
    """What a server sent for one view."""

    address: fuzz.Address
    messages: list[ForwardMsg]
    n_bytes: int

    def texts(self) -> Iterator[tuple[str, str]]:
        """Everything that is words, and where it stands."""
        for message in self.messages:
            yield from words(message, "")

    @property
    def refused(self) -> bool:
        return any(message.delta.new_element.alert.body for message in self.messages)


def words(message: Message, place: str) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        name = f"{place}.{field.name}".lstrip(".")
        for each in value if isinstance(value, list) or field.is_repeated else (value,):
            if isinstance(each, Message):
                yield from words(each, name)
            elif isinstance(each, str):
                yield name, each


def view(connection, address: fuzz.Address) -> Seen:
    """Ask for it as a browser does that follows a link; until the script has run."""
    asked = BackMsg()
    asked.rerun_script.page_name = address.page
    asked.rerun_script.query_string = address.query
    connection.send(asked.SerializeToString())
    messages, n_bytes = [], 0
    while True:
        data = connection.recv(timeout=PATIENCE_S)
        n_bytes += len(data)
        messages.append(ForwardMsg.FromString(data))
        if over(messages[-1]):
            return Seen(address, messages, n_bytes)


def over(message: ForwardMsg) -> bool:
    finished = message.WhichOneof("type") == "script_finished"
    return finished and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN


def wrong(seen: Seen) -> list[str]:
    """What must not be in what was sent."""
    found = [
        each.delta.new_element.exception.message
        for each in seen.messages
        if each.delta.new_element.HasField("exception")
    ]
    harmful = [text for text in seen.address.texts if len(text) > len(fuzz.MARK) + 1]
    for place, text in seen.texts():
        if not place.startswith(AS_TEXT):
            found += [f"{place} holds {text[:200]!r}" for each in harmful if each in text]
        found += [f"{place} tells {text[:200]!r}" for inside in INSIDE if inside in text and not place.startswith(OWN)]
    found += [f"{seen.n_bytes} bytes"] * (seen.n_bytes > MOST_BYTES)
    found += [f"{len(seen.messages)} messages"] * (len(seen.messages) > MOST_ELEMENTS)
    return found


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


@pytest.mark.parametrize("numbers", [range(150), pytest.param(range(10_000), marks=pytest.mark.slow)], ids=len)
def test_views_of_generated_addresses(numbers: range, atlases: Path, tmp_path: Path, capsys):
    heard = tmp_path / "audit"
    with launched(atlases, subprocess.DEVNULL, **audit.environment(heard)) as (server, port):
        with browse(server, port) as connection:
            seen = [checked(server, connection, number) for number in numbers]
        memory = resident_mb(server)
    only_its_own_was_opened(heard, atlases)
    refused, sent, seconds = (np.array(column) for column in zip(*seen, strict=True))
    assert 0 < refused.sum() < len(seen)
    worst = int(seconds[10:].argmax()) + 10  # the first ones load what they need
    with capsys.disabled():
        print(
            f"\n{len(seen)} views, {refused.sum()} with a line on what was wrong; "
            f"CPU of the server {seconds.sum():.0f} s, {1000 * seconds.mean():.0f} ms a view, "
            f"at most {seconds[worst]:.2f} s (number {numbers[worst]}); "
            f"at most {sent.max():,} bytes; {memory:.0f} MB"
        )


def checked(server: subprocess.Popen, connection, number: int) -> tuple[bool, int, float]:
    """Of the view of this number, in which nothing is wrong: was something refused, its bytes, and its CPU time."""
    before, address = cpu_seconds(server), fuzz.address(number)
    seen = view(connection, address)
    said = wrong(seen)
    assert not said, f"number {number}: {address}\n" + "\n".join(said)
    return seen.refused, seen.n_bytes, cpu_seconds(server) - before


def planted(**element) -> ForwardMsg:
    """A message with one element: its kind, and the fields of it."""
    message = ForwardMsg()
    for kind, fields in element.items():
        for name, text in fields.items():
            setattr(getattr(message.delta.new_element, kind), name, text)
    return message


@pytest.mark.parametrize(
    ("element", "said"),
    [
        ({"exception": {"message": "KeyError"}}, "KeyError"),
        ({"markdown": {"body": f"here: {fuzz.HARMFUL[0]}"}}, "markdown.body holds"),
        ({"html": {"body": fuzz.HARMFUL[1]}}, "html.body holds"),
        ({"alert": {"body": f"{audit.ROOT}/pages is missing"}}, "alert.body tells"),
        ({"bidi_component": {"json": "x" * (MOST_BYTES + 1)}}, f"{MOST_BYTES + 1} bytes"),
    ],
)
def test_what_is_wrong_is_found(element: dict, said: str):
    address = fuzz.Address("", "", tuple(fuzz.HARMFUL))
    (found,) = wrong(Seen(address, [planted(**element)], MOST_BYTES + 1 if "bytes" in said else 0))
    assert said in found


def test_and_text_where_it_is_text_is_not():
    address = fuzz.Address("", "", tuple(fuzz.HARMFUL))
    shown = [planted(bidi_component={"json": fuzz.HARMFUL[0]}), planted(markdown={"body": fuzz.MARK})]
    assert not wrong(Seen(address, shown, 0))


def resident_mb(process: subprocess.Popen) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024


def only_its_own_was_opened(heard: Path, atlases: Path) -> None:
    """Nothing but the atlases, the program and its libraries; no word with anybody."""
    found = audit.read_events(heard)
    assert not audit.outside_paths(
        found, atlases, *(root.resolve() for root in atlases.iterdir()), *audit.OPTIONAL_FILES
    )
    assert not audit.written_paths(found)
    assert not audit.remote_contacts(found)
    assert not audit.processes(found)
    assert not [each for each in found if fuzz.MARK in str(each.arguments)]
