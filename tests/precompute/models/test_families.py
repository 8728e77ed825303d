"""A handful of the cases of `python -m tests.families`, and what its command says of cases that are wrong."""

import functools
import subprocess
from pathlib import Path

import pytest
import torch

from tests.families.case import Case, Checked, run
from tests.families.every import cases, chosen

# Scaled embeddings, a nested window, norms that come after, ids beyond the vocabulary, other alphabets, refusals.
HERE = (
    "granite", "gemma3-multimodal", "gpt1", "special-beyond", "digits", "opt-post-norm", "sae gpt2 old hook_mlp_out",
)  # fmt: skip
# The whole command tries these too; by `make test-all`.
MORE = ("phi3-longrope", "padding-beyond", "mpt", "another-alphabet", "opt-projected", "distilbert")


@pytest.fixture(autouse=True)
def threads():
    """Cases run on one thread."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", [*HERE, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE)])
def test_case(name):
    assert not result_of(name).wrong, result_of(name).line


@functools.cache
def result_of(name: str):
    """A case that several tests look at runs once."""
    (case,) = chosen([name])
    return run(case)


def test_nothing_is_installed_for_the_pictures_of_a_multimodal_model(monkeypatch):
    """transformer_lens would have pip fetch torchvision, and another torch with it."""
    commands = []
    monkeypatch.setattr(subprocess, "check_call", commands.append)
    assert not run(*chosen(["gemma3-multimodal"])).wrong
    assert not commands


def test_how_prompts_are_masked_is_recorded_and_shown():
    reused, recomputed = (result_of(name) for name in ("gpt2", "gemma3-multimodal"))
    why = "attention sees 16 tokens, fewer than the 24 of an example"
    assert reused.line.endswith("  reuse")
    assert "; keys and values reused\n" in reused.progress
    assert f"recompute ({why})" in recomputed.line
    assert f"; prompts recomputed, no keys and values reused: {why}\n" in recomputed.progress


def test_there_are_forty_cases_and_more_each_with_a_name_of_its_own():
    assert len({case.name for case in cases()}) == len(cases()) >= 40
    with pytest.raises(SystemExit, match="no case 'gtp2': there are"):
        chosen(["gtp2"])


def nothing(folder: Path) -> list[str]:
    return ["--model", str(folder / "none"), "--corpus", "offline"]


@pytest.mark.parametrize(
    "case",
    [
        Case("refused and should not be", nothing, lambda *_: Checked({})),
        Case("refused for another reason", nothing, refusal="no dense MLP"),
        Case("made wrongly", lambda folder: [folder / "none", 1 / 0], refusal="none"),
    ],
    ids=lambda case: case.name,
)
def test_what_is_wrong(case):
    assert run(case).wrong


def test_errors_above_what_is_allowed_and_errors_that_are_no_numbers_are_wrong():
    assert not Checked({"a": (0.0, 0), "b": (1e-4, 1e-3)}).wrong
    assert Checked({"a": (2e-3, 1e-3)}).wrong
    assert Checked({"a": (float("nan"), 1e-3)}).wrong
