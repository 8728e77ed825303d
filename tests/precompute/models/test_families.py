"""Some cases of `python -m tests.families`, and its output for wrong cases."""

import functools
import subprocess
from pathlib import Path

import pytest
import torch

from tests.families.case import Case, Comparison, run
from tests.families.registry import cases, select_cases

# Scaled embeddings, a nested window, post-norms, ids beyond the vocabulary, other alphabets, refusals.
FAST = (
    "granite", "gemma3-multimodal", "gpt1", "special-beyond", "digits", "opt-post-norm", "sae gpt2 old hook_mlp_out",
)  # fmt: skip
# Only in `make test-all`.
SLOW = ("phi3-longrope", "padding-beyond", "mpt", "another-alphabet", "opt-projected", "distilbert")


@pytest.fixture(autouse=True)
def threads():
    """Restore the number of threads, since cases run on one."""
    n_threads = torch.get_num_threads()
    yield
    torch.set_num_threads(n_threads)


@pytest.mark.fast("digits", "sae gpt2", "granite")
@pytest.mark.parametrize("name", [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def test_case(name):
    assert not result_of(name).wrong, result_of(name).line


@functools.cache
def result_of(name: str):
    """Run a case once for all tests."""
    (case,) = select_cases([name])
    return run(case)


def test_multimodal_model_installs_no_packages(monkeypatch):
    """transformer_lens would pip install torchvision, and another torch with it."""
    commands = []
    monkeypatch.setattr(subprocess, "check_call", commands.append)
    assert not run(*select_cases(["gemma3-multimodal"])).wrong
    assert not commands


@pytest.mark.slow
def test_masking_mode_is_recorded_and_printed():
    reused, recomputed = (result_of(name) for name in ("gpt2", "gemma3-multimodal"))
    why = "the attention window is 16 tokens, shorter than the 24 of an example"
    assert reused.line.endswith("  reuse")
    assert "; keys and values reused\n" in reused.progress
    assert f"recompute ({why})" in recomputed.line
    assert f"; prompts recomputed, no keys and values reused: {why}\n" in recomputed.progress


def test_case_names_are_unique():
    assert len({case.name for case in cases()}) == len(cases()) >= 40
    with pytest.raises(SystemExit, match="no case 'gtp2': the cases are"):
        select_cases(["gtp2"])


def missing_model(folder: Path) -> list[str]:
    return ["--model", str(folder / "none"), "--corpus", "offline"]


@pytest.mark.parametrize(
    "case",
    [
        Case("unexpected refusal", missing_model, lambda *_: Comparison({})),
        Case("refusal for another reason", missing_model, refusal="no dense MLP"),
        Case("error in make", lambda folder: [folder / "none", 1 / 0], refusal="none"),
    ],
    ids=lambda case: case.name,
)
def test_wrong_cases_are_reported(case):
    assert run(case).wrong


def test_large_errors_and_nan_are_wrong():
    assert not Comparison({"a": (0.0, 0), "b": (1e-4, 1e-3)}).wrong
    assert Comparison({"a": (2e-3, 1e-3)}).wrong
    assert Comparison({"a": (float("nan"), 1e-3)}).wrong
