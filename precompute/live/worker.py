"""The process that pages ask: messages of ne_core/live/messages.py come in and go out, until no more come.

What libraries print goes nowhere: it would stand between the messages, and may quote what was typed.
"""

import os
from io import BufferedIOBase
from pathlib import Path

from ne_core.live.messages import encode, read_message
from precompute.live.answering import Answering


def serve(requests: BufferedIOBase, answers: BufferedIOBase) -> None:
    """Answer until the input ends, or nobody takes answers any more."""
    answering = Answering()
    try:
        while True:
            request, more = read_message(requests)
            answers.write(encode(answering.answer(Path(more["atlas"]), request)))
            answers.flush()
    except (EOFError, BrokenPipeError):
        return


def main() -> None:
    """On standard input and output, of which nothing else writes into the latter from here on."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    serve(requests, answers)
