"""Requests of pages to the model of an atlas: one process answers all sessions, a request at a time, in their order.

    ticket = live_model.submit(atlas.root, ReadText(text))      # at once, whatever is before it
    ticket.place                                                # how many are before it; 0: it is being answered
    ticket.answer                                               # None until it is there, then an answer or Refused

A page draws nothing while it waits for a turn of somebody else: look at the ticket from a fragment that runs every
second, and cancel it when the visitor asks for something else.

The process starts with the first request (seconds: it loads torch and the model), ends after IDLE_S without one and
with the app, and is started anew when it has died. Nothing of what is asked or answered is logged or stored.
"""

import os
from pathlib import Path

from ne_core.live.answers import Answer, Refused
from ne_core.live.requests import Request
from pages.components.serving.live_process import LiveProcess
from pages.components.serving.live_queue import LiveQueue, Ticket

IDLE_S = 600.0
ANSWER_S, OPEN_S = 30.0, 180.0  # for one answer, and for loading the model before it
MOST_WAITING = 16
PROCESS = LiveProcess(IDLE_S, OPEN_S, ANSWER_S)
OFF = "The live model is switched off in this explorer: its host has set NE_LIVE=off."


def answer(atlas: Path, request: Request) -> Answer:
    """Answer of the process, or Refused where the host has switched it off."""
    return Refused(OFF) if os.environ.get("NE_LIVE") == "off" else PROCESS.answer(atlas, request)


QUEUE = LiveQueue(answer, MOST_WAITING)


def submit(atlas: Path, request: Request) -> Ticket:
    """A place in the queue. Where that is full the ticket is answered at once: Refused."""
    return QUEUE.submit(atlas, request)
