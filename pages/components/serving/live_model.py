"""Requests of pages to the model of an atlas: one process answers all sessions, a request at a time, in their order.

    ticket = live_model.submit(atlas.root, ReadText(text))      # returns at once
    ticket.place                                                # number of requests before it; 0: it is being answered
    ticket.answer                                               # None until it is answered, then an answer or Refused

A page must not block while it waits: check the ticket in a fragment that runs every second, and cancel it when the
visitor moves on.

The process starts with the first request (some seconds: it loads torch and the model). It ends after IDLE_S without a
request, or with the app, and is started again when it has died. Requests and answers are not logged or stored.
"""

import os
from pathlib import Path

from ne_core.live.answers import Answer, Refused
from ne_core.live.requests import Request
from pages.components.serving.live_process import LiveProcess
from pages.components.serving.live_queue import LiveQueue, Ticket

IDLE_S = 600.0
ANSWER_S, OPEN_S = 30.0, 180.0  # time limits of an answer, and of loading the model
MOST_WAITING = 16
PROCESS = LiveProcess(IDLE_S, OPEN_S, ANSWER_S)
OFF = "The live model is switched off in this explorer: its host has set NE_LIVE=off."


def answer(atlas: Path, request: Request) -> Answer:
    """Return the answer of the process, or Refused if the host has switched it off."""
    return Refused(OFF) if os.environ.get("NE_LIVE") == "off" else PROCESS.answer(atlas, request)


QUEUE = LiveQueue(answer, MOST_WAITING)


def submit(atlas: Path, request: Request) -> Ticket:
    """Put a request into the queue. If the queue is full, the ticket is Refused at once."""
    return QUEUE.submit(atlas, request)
