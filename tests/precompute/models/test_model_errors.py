"""What goes wrong while something is tried on a model: what it says of the model, and what only of the machine."""

import logging

import pytest
import torch

from precompute.__main__ import main
from precompute.errors import is_device_failure
from precompute.models.source import UnfitModelError
from precompute.models.transformer import masking, open_transformer, probe, splitter, ways
from precompute.models.transformer.errors import LONGEST, of_the_machine, shortened
from precompute.run.memory import MemoryShortageError
from tests.support.tiny_models import tiny_checkpoint

OUT_OF_MEMORY = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
FAULT = RuntimeError("CUDA error: an illegal memory access was encountered")
OTHER = TypeError("forward() got an unexpected keyword argument 'past_key_values'")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_checkpoint("gpt2", tmp_path_factory.mktemp("models") / "gpt2")


def raising(error):
    def fail(*_, **__):
        raise error

    return fail


def test_memory_and_device_are_told_from_the_model():
    assert all(of_the_machine(error) for error in (OUT_OF_MEMORY, FAULT, MemoryError(), MemoryShortageError("x")))
    assert not any(map(of_the_machine, (OTHER, RuntimeError("shapes cannot be multiplied"), KeyError("x"))))
    assert is_device_failure(FAULT)
    assert not is_device_failure(OUT_OF_MEMORY)


@pytest.mark.parametrize("error", [OUT_OF_MEMORY, FAULT], ids=["memory", "device"])
def test_a_fault_of_the_machine_is_no_answer_to_whether_keys_and_values_can_be_reused(folder, monkeypatch, error):
    """Memory that is short for one prompt comes out as such, and nothing is decided: a second try asks again."""
    source = open_transformer(str(folder))
    with monkeypatch.context() as patch:
        patch.setattr(masking, "clean_layers", raising(error))
        logging.disable(logging.WARNING)
        with pytest.raises((MemoryShortageError, RuntimeError), match=r"out of memory with one|CUDA error"):
            source.way(20)
        logging.disable(logging.NOTSET)
    assert source.way(20).facts == {"masked": "reuse", "why": None}


def test_a_model_that_does_not_take_keys_and_values_says_so(folder, monkeypatch):
    monkeypatch.setattr(masking, "clean_layers", raising(OTHER))
    way = open_transformer(str(folder)).way(20)
    assert not way.reuses
    assert way.facts["why"] == f"the model does not take them (TypeError: {OTHER})"


def test_reuse_that_gives_other_activations_is_not_used(folder, monkeypatch):
    monkeypatch.setattr(masking, "reuse", lambda asked: masking.recompute(asked, True) + 1)
    assert open_transformer(str(folder)).way(20).why == ways.OTHER


@pytest.mark.parametrize("error", [OUT_OF_MEMORY, FAULT], ids=["memory", "device"])
def test_a_fault_of_the_machine_is_no_answer_to_whether_a_model_can_be_split(folder, monkeypatch, error):
    source = open_transformer(str(folder))
    monkeypatch.setattr(splitter, "writers", raising(error))
    with pytest.raises(RuntimeError, match=r"out of memory|CUDA error"):
        source.parts()


@pytest.mark.parametrize("error", [KeyError("hook_out"), RuntimeError("sizes differ\nat length"), OTHER])
def test_what_goes_wrong_in_a_model_is_one_line(folder, tmp_path, monkeypatch, capsys, error):
    monkeypatch.setattr(probe, "behaviour", raising(error))
    with pytest.raises(UnfitModelError, match="cannot run this GPT2LMHeadModel") as refusal:
        open_transformer(str(folder))
    assert "\n" not in str(refusal.value)
    assert main(["build", "--model", str(folder), "--corpus", "offline", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"{folder}: transformer_lens cannot run")


def test_a_fault_of_the_device_is_one_line(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(probe, "behaviour", raising(FAULT))
    assert main(["build", "--model", str(folder), "--corpus", "offline", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("the device failed: CUDA error: an illegal memory")


def test_long_messages_of_libraries_are_cut():
    assert len(shortened(ValueError("available: " + "x, " * 5000))) == LONGEST
    assert shortened(ValueError("short\nand more")) == "short"
