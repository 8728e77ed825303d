"""Errors while a model is measured: errors of the model are reported, those of the machine are raised."""

import logging

import pytest
import torch

from precompute.__main__ import main
from precompute.errors import is_device_failure
from precompute.models.source import UnfitModelError
from precompute.models.transformer import masking, masking_modes, open_transformer, probe, splitter
from precompute.models.transformer.errors import LONGEST, of_the_machine, shortened
from precompute.run.memory import MemoryShortageError
from tests.support.tiny_models import tiny_checkpoint

OUT_OF_MEMORY = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
FAULT = RuntimeError("CUDA error: an illegal memory access was encountered")
UNSUPPORTED = TypeError("forward() got an unexpected keyword argument 'past_key_values'")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_checkpoint("gpt2", tmp_path_factory.mktemp("models") / "gpt2")


def raising(error):
    def fail(*_, **__):
        raise error

    return fail


def test_memory_and_device_errors_are_recognised():
    assert all(of_the_machine(error) for error in (OUT_OF_MEMORY, FAULT, MemoryError(), MemoryShortageError("x")))
    assert not any(map(of_the_machine, (UNSUPPORTED, RuntimeError("shapes cannot be multiplied"), KeyError("x"))))
    assert is_device_failure(FAULT)
    assert not is_device_failure(OUT_OF_MEMORY)


@pytest.mark.parametrize("error", [OUT_OF_MEMORY, FAULT], ids=["memory", "device"])
def test_machine_errors_do_not_decide_masking_mode(folder, monkeypatch, error):
    """The error is raised and nothing is cached: a second call measures again."""
    source = open_transformer(str(folder))
    with monkeypatch.context() as patch:
        patch.setattr(masking, "clean_layers", raising(error))
        logging.disable(logging.WARNING)
        with pytest.raises((MemoryShortageError, RuntimeError), match=r"out of memory with one|CUDA error"):
            source.masking_mode(20)
        logging.disable(logging.NOTSET)
    assert source.masking_mode(20).facts == {"masked": "reuse", "why": None}


def test_rejected_keys_and_values_are_reported(folder, monkeypatch):
    monkeypatch.setattr(masking, "clean_layers", raising(UNSUPPORTED))
    mode = open_transformer(str(folder)).masking_mode(20)
    assert not mode.reuses
    assert mode.facts["why"] == f"the model does not accept them (TypeError: {UNSUPPORTED})"


def test_reuse_that_changes_activations_is_not_used(folder, monkeypatch):
    monkeypatch.setattr(masking, "reuse", lambda request: masking.recompute(request, True) + 1)
    assert open_transformer(str(folder)).masking_mode(20).why == masking_modes.DIFFERENT


@pytest.mark.parametrize("error", [OUT_OF_MEMORY, FAULT], ids=["memory", "device"])
def test_machine_errors_do_not_decide_splitting(folder, monkeypatch, error):
    source = open_transformer(str(folder))
    monkeypatch.setattr(splitter, "writers", raising(error))
    with pytest.raises(RuntimeError, match=r"out of memory|CUDA error"):
        source.parts()


@pytest.mark.parametrize("error", [KeyError("hook_out"), RuntimeError("sizes differ\nat length"), UNSUPPORTED])
def test_model_errors_are_one_line(folder, tmp_path, monkeypatch, capsys, error):
    monkeypatch.setattr(probe, "behaviour", raising(error))
    with pytest.raises(UnfitModelError, match="cannot run this GPT2LMHeadModel") as refusal:
        open_transformer(str(folder))
    assert "\n" not in str(refusal.value)
    assert main(["build", "--model", str(folder), "--corpus", "offline", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"{folder}: transformer_lens cannot run")


def test_device_errors_are_one_line(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(probe, "behaviour", raising(FAULT))
    assert main(["build", "--model", str(folder), "--corpus", "offline", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("the device failed: CUDA error: an illegal memory")


def test_long_library_messages_are_truncated():
    assert len(shortened(ValueError("available: " + "x, " * 5000))) == LONGEST
    assert shortened(ValueError("short\nand more")) == "short"
