"""The process that runs the model: started when needed, ended when it is idle or too slow, or when the app ends.

Messages (ne_core/live/messages.py) pass through its standard input and output; it ends when its input is closed. It is
a separate program, because a process spawned by `multiprocessing` would import the app's main script again.
"""

import atexit
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from ne_core.live.answers import Answer, Ready, Refused
from ne_core.live.messages import MessageError, encode, read_message
from ne_core.live.requests import OpenModel, Request

ROOT = Path(__file__).parents[3]
COMMAND = (sys.executable, "-m", "precompute.live")
DIED = "The model’s process ended before it answered: reload the page, which starts it again."
LATE = "The model took longer than {:.0f} seconds and was stopped: try a shorter text."
NOT_STARTED = (
    "The model cannot be started here. It needs this project’s folder precompute and the packages of "
    "requirements-live.txt: python -m pip install -r requirements-live.txt -c constraints.txt"
)


class LiveProcess:
    """At most one process at a time. One thread calls `answer`, a timer in another ends the process when it is idle."""

    def __init__(self, idle_s: float, open_s: float, answer_s: float, command: tuple[str, ...] = COMMAND):
        self.idle_s, self.open_s, self.answer_s, self.command = idle_s, open_s, answer_s, command
        self.process: subprocess.Popen | None = None
        self.has_answered = self.was_late = False
        self.loaded_atlas: Path | None = None  # its model is loaded in the process
        self._lock, self._idle = threading.Lock(), None
        atexit.register(self.kill)

    def answer(self, atlas: Path, request: Request) -> Answer:
        """Return the answer of the process, or Refused with the reason."""
        with self._lock:
            self._stop_clock()
            try:
                return self._answer(atlas, request)
            finally:
                self._idle = threading.Timer(self.idle_s, self.end)
                self._idle.daemon = True
                self._idle.start()

    def end(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._stop_clock()
            self._end()

    def kill(self) -> None:
        """Kill the process, even while it answers; called when the app ends."""
        process = self.process
        if process is not None:
            process.kill()

    def _answer(self, atlas: Path, request: Request) -> Answer:
        if self.process is None or self.process.poll() is not None:
            try:
                self._start()
            except OSError:
                return Refused(NOT_STARTED)
        if self.loaded_atlas != atlas:
            ready = self._exchange(atlas, OpenModel(), self.open_s)
            if not isinstance(ready, Ready):
                return ready
            self.loaded_atlas = atlas
            if isinstance(request, OpenModel):
                return ready
        return self._exchange(atlas, request, self.answer_s)

    def _exchange(self, atlas: Path, request: Request, limit_s: float) -> Answer:
        """Send one request and return its answer; a process that dies or takes too long is ended."""
        process, self.was_late = self.process, False
        clock = threading.Timer(limit_s, self._late)
        clock.daemon = True
        clock.start()
        try:
            process.stdin.write(encode(request, atlas=str(atlas.resolve())))
            process.stdin.flush()
            answer, _ = read_message(process.stdout)
            self.has_answered = True
            return answer
        except (OSError, EOFError, ValueError, MessageError):
            message = DIED if self.has_answered else NOT_STARTED
            self._end()
            return Refused(LATE.format(limit_s) if self.was_late else message)
        finally:
            clock.cancel()

    def _late(self) -> None:
        self.was_late = True
        with suppress(OSError):
            self.process.kill()

    def _start(self) -> None:
        self._end()
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # messages of libraries, which may quote the visitor's text
        )

    def _end(self) -> None:
        process, self.process, self.loaded_atlas, self.has_answered = self.process, None, None, False
        if process is not None:
            process.kill()
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):
                    stream.close()
            process.wait()

    def _stop_clock(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
