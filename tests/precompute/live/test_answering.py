"""Answers to requests, and the process that answers pages, with a real model."""

import re
import shutil
import sys

import numpy as np
import pytest

from ne_core.live.answers import Ready, Refused, TextRead
from ne_core.live.requests import OpenModel, ReadText, Removal, TakeOut, WhatMatters, WhyHere
from pages.components.serving.live_process import LiveProcess
from precompute.live import answering
from precompute.live.answering import IMAGES, Answering
from precompute.models.of_atlas import FOLDERS

TEXT = "the same words come back"


@pytest.fixture
def answer(built, place, monkeypatch):
    monkeypatch.setenv(FOLDERS, str(place / "models"))
    at_work = Answering()
    return lambda request, atlas=None: at_work.answer(atlas or built("folded"), request)


ANSWERS = [
    (OpenModel(), "Ready"),
    (ReadText(TEXT), "TextRead"),
    (WhyHere(TEXT, 1, 0, 0), "Why"),
    (WhatMatters(TEXT, 1, 0, 0), "Matters"),
    (TakeOut(TEXT, (Removal(0, 1),)), "TakenOut"),
]


def test_every_request_has_its_answer(answer):
    assert [type(answer(request)).__name__ for request, _ in ANSWERS] == [name for _, name in ANSWERS]


def test_what_cannot_be_answered_is_one_line_without_paths(answer, built, tmp_path, image_atlas):
    for request, atlas in (
        (ReadText(""), None),
        (WhyHere(TEXT, 99, 0, 0), None),
        (ReadText(TEXT), tmp_path / "nothing"),
        (ReadText(TEXT), image_atlas),
    ):
        refused = answer(request, atlas)
        assert isinstance(refused, Refused)
        assert "\n" not in refused.message
        assert "/" not in refused.message.replace("data/models", "")
    assert answer(ReadText(TEXT), image_atlas) == Refused(IMAGES)


@pytest.mark.parametrize(
    ("error", "message"),
    [(ModuleNotFoundError("x", name="torch"), "needs torch.*requirements-live"), (MemoryError(), "not enough memory"),
     (KeyError("secret"), "failed on this request")]
)  # fmt: skip
def test_errors_do_not_quote_the_text(answer, monkeypatch, error, message):
    def fails(*_):
        raise error

    monkeypatch.setattr(answering.Answering, "dispatch", fails)
    refused = answer(ReadText("secret"))
    assert re.search(message, refused.message)
    assert "secret" not in refused.message


@pytest.mark.slow
def test_a_rewritten_atlas_is_opened_again(answer, built, tmp_path):
    shutil.copytree(built("lacking"), tmp_path / "atlas")
    first = answer(OpenModel(), tmp_path / "atlas")
    assert isinstance(first, Ready)
    (tmp_path / "atlas" / "manifest.json").write_text("{}")
    assert isinstance(answer(OpenModel(), tmp_path / "atlas"), Refused)


def test_the_process_answers_what_the_reader_does(answer, built):
    process = LiveProcess(60, 900, 300, command=(sys.executable, "-m", "precompute.live"))  # a busy machine is slow
    try:
        result = process.answer(built("folded"), ReadText(TEXT, share=0.25))
        refused = process.answer(built("folded"), ReadText(" "))
    finally:
        process.end()
    expected = answer(ReadText(TEXT, share=0.25))
    assert isinstance(result, TextRead)
    np.testing.assert_array_equal(result.tokens, expected.tokens)
    assert len(result.fired) == len(expected.fired)
    np.testing.assert_allclose(result.fired.share, expected.fired.share, rtol=1e-4)
    assert "no text" in refused.message
