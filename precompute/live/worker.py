"""The process that answers pages: it reads requests from stdin and writes answers to stdout (ne_core/live/messages.py).

Output of libraries is discarded: it would corrupt the stream of answers, and may quote the visitor's text.
"""

import os
from io import BufferedIOBase
from pathlib import Path

from ne_core.live.messages import encode, read_message
from precompute.live.answering import Answering


def serve(requests: BufferedIOBase, answers: BufferedIOBase) -> None:
    """Answer requests until the input ends or the output is closed."""
    answering = Answering()
    try:
        while True:
            request, extra = read_message(requests)
            answers.write(encode(answering.answer(Path(extra["atlas"]), request)))
            answers.flush()
    except (EOFError, BrokenPipeError):
        return


def main() -> None:
    """Serve on copies of stdin and stdout; the originals are redirected to the null device."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    serve(requests, answers)
