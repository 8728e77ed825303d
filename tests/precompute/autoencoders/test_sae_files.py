"""Folders of autoencoders from unknown sources: read correctly, or refused in one line."""

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from precompute.models.autoencoder import open_sae
from precompute.models.autoencoder.config import SaeError, parse_config
from precompute.models.autoencoder.files import read_sae, sae_sha256
from tests.support.models.tiny_saes import cfg_of, sae_weights, tiny_sae, write
from tests.support.tiny_models import tiny_checkpoint

WEIGHTS = "sae_weights.safetensors"


def cfg(**changes) -> Callable[[Path], None]:
    """Change settings; None removes one."""

    def spoil(folder: Path) -> None:
        settings = {**json.loads((folder / "cfg.json").read_text()), **changes}
        (folder / "cfg.json").write_text(json.dumps({name: v for name, v in settings.items() if v is not None}))

    return spoil


def hook(name: object) -> Callable[[Path], None]:
    return cfg(metadata={"hook_name": name})


def weights(**changes) -> Callable[[Path], None]:
    """Change tensors; None removes one."""

    def spoil(folder: Path) -> None:
        tensors = {**load_file(folder / WEIGHTS), **changes}
        save_file({name: values for name, values in tensors.items() if values is not None}, folder / WEIGHTS)

    return spoil


def cut_short(folder: Path) -> None:
    raw = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(raw[: len(raw) // 2])


def pickled(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    (folder / "sae_weights.bin").write_bytes(pickle.dumps(Runs(folder / "ran")))


def pickled_under_the_name(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(pickle.dumps(Runs(folder / "ran")))


class Runs:
    """Object that creates a folder when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def text(name: str, content: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(content) and None


def piped(folder: Path) -> None:
    (folder / "cfg.json").unlink()
    os.mkfifo(folder / "cfg.json")


def linked_to_a_device(folder: Path) -> None:
    (folder / "cfg.json").unlink()
    (folder / "cfg.json").symlink_to("/dev/zero")


def endless_header(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((2**62).to_bytes(8, "little") + b"{")


# name of the error: a change of the folder, expected words of the message
BAD = {
    "no cfg": (lambda folder: (folder / "cfg.json").unlink(), "no regular file cfg.json"),
    "cfg is a pipe": (piped, "no regular file cfg.json"),
    "cfg is a link to a device": (linked_to_a_device, "no regular file cfg.json"),
    "cfg is no JSON": (text("cfg.json", '{"d_in": '), "not valid JSON"),
    "cfg is a list": (text("cfg.json", "[1]"), "not a JSON object"),
    "cfg is a deep list": (text("cfg.json", "[" * 100_000), "not valid JSON"),
    "cfg is longer than settings are": (text("cfg.json", " " * 2**23), "longer than"),
    "no weights": (lambda folder: (folder / WEIGHTS).unlink(), "no regular file sae_weights.safetensors"),
    "pickled weights": (pickled, "no regular file sae_weights.safetensors"),
    "pickled weights under the name": (pickled_under_the_name, "not a complete safetensors file"),
    "weights cut short": (cut_short, "not a complete safetensors file"),
    "weights of no header": (text(WEIGHTS, ""), "not a complete safetensors file"),
    "weights of an endless header": (endless_header, "not a complete safetensors file"),
    "a gated one without gates": (cfg(architecture="gated"), "the file lacks b_gate"),
    "a temporal one": (cfg(architecture="temporal"), "architecture 'temporal' is not supported; use standard, topk"),
    "an unknown one": (cfg(architecture=["standard"]), "is not supported"),
    "another activation function": (cfg(activation_fn="tanh-relu"), "activation function 'tanh-relu'"),
    "topk without k": (cfg(architecture="topk"), "k is None"),
    "topk of half a latent": (cfg(architecture="topk", k=0.5), "k is 0.5"),
    "topk of more than there are": (cfg(architecture="topk", k=41), "k is 41, but there are only 40 latents"),
    "no d_in": (cfg(d_in=None), "d_in is None"),
    "d_sae is true": (cfg(d_sae=True), "d_sae is True"),
    "b_dec perhaps": (cfg(apply_b_dec_to_input="perhaps"), "apply_b_dec_to_input is 'perhaps'"),
    "a scale that is not there": (cfg(normalize_activations="expected_average_only_in"), "fold it into the weights"),
    "the same, in the older form": (cfg(normalize_activations=True), "fold it into the weights"),
    "a scale that is no number": (
        cfg(normalize_activations="expected_average_only_in", norm_scaling_factor="2"),
        "norm_scaling_factor is '2'",
    ),
    "an unknown rescaling": (cfg(normalize_activations="l7"), "normalize_activations 'l7' is not supported"),
    "no hook": (cfg(metadata=None), "no hook_name"),
    "a hook of attention": (hook("blocks.1.attn.hook_z"), "hook 'blocks.1.attn.hook_z' is not supported"),
    "a hook of another library": (hook("model.layers.1"), "blocks.N.mlp.hook_post"),
    "a hook that is a list": (hook(["blocks.1.mlp.hook_post"]), "no hook_name"),
    "one head": (cfg(metadata={"hook_name": "blocks.1.attn.hook_q", "hook_head_index": 3}), "attention heads"),
    "a transcoder of another output width": (
        cfg(
            architecture="transcoder",
            apply_b_dec_to_input=False,
            d_out=16,
            metadata={"hook_name": "blocks.1.mlp.hook_post", "hook_name_out": "blocks.0.hook_mlp_out"},
        ),
        "W_dec is F32[40, 64], the settings require floating point [40, 16]",
    ),
    "a transcoder to nowhere": (cfg(architecture="transcoder", apply_b_dec_to_input=False), "no hook_name_out"),
    "a transcoder that subtracts the bias of its outputs": (
        cfg(metadata={"hook_name": "blocks.1.mlp.hook_in", "hook_name_out": "blocks.1.hook_mlp_out"}),
        "belongs to its outputs; use false",
    ),
    "a transcoder that writes into attention": (
        cfg(
            metadata={"hook_name": "blocks.1.mlp.hook_post", "hook_name_out": "blocks.1.attn.hook_z"},
            apply_b_dec_to_input=False,
        ),
        "hook 'blocks.1.attn.hook_z' is not supported; use blocks.N.hook_mlp_out",
    ),
    "a layer too high": (hook("blocks.7.mlp.hook_post"), "no blocks.7.mlp.hook_post: its layers are 0 to 2"),
    "a width of another model": (hook("blocks.1.hook_resid_pre"), "d_in is 64, but blocks.1.hook_resid_pre of this"),
    "W_enc turned round": (weights(W_enc=torch.zeros(40, 64)), "W_enc is F32[40, 64]"),
    "b_dec of another width": (weights(b_dec=torch.zeros(63)), "b_dec is F32[63]"),
    "no decoder": (weights(W_dec=None), "the file lacks W_dec"),
    "a tensor more": (weights(b_mag=torch.zeros(40)), "has an unknown tensor 'b_mag'"),
    "a threshold of none": (weights(threshold=torch.zeros(40)), "has an unknown tensor 'threshold'"),
    "jumprelu without threshold": (cfg(architecture="jumprelu"), "the file lacks threshold"),
    "whole numbers": (weights(b_enc=torch.zeros(40, dtype=torch.int32)), "b_enc is I32[40]"),
    "a weight that is not finite": (weights(b_enc=torch.full((40,), torch.inf)), "b_enc has values that are not"),
    "a scaling factor": (weights(scaling_factor=torch.full((40,), 1.5)), "does not say finetuning_scaling_factor"),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return tiny_checkpoint("gpt2", tmp_path_factory.mktemp("model"))


@pytest.mark.parametrize("name", BAD)
def test_invalid_folders_are_refused_in_one_line(model, tmp_path, name):
    spoil, words = BAD[name]
    folder = tiny_sae(tmp_path / "sae")
    spoil(folder)
    with pytest.raises(SaeError) as error:
        open_sae(str(folder), str(model))
    assert words in str(error.value)
    assert str(folder) in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 400
    assert not (folder / "ran").exists()


def test_missing_folder(tmp_path):
    with pytest.raises(SaeError, match=r"no such folder; expected a folder with cfg\.json"):
        read_sae(tmp_path / "nowhere")


def test_hook_resid_mid_is_refused_where_the_model_has_none(tmp_path):
    """Parallel blocks, and blocks with the norm after the MLP, have no such hook."""
    for family in ("neox", "bert"):
        folder = tiny_checkpoint(family, tmp_path / family)
        with pytest.raises(SaeError, match=r"this model has no blocks\.1\.hook_resid_mid"):
            open_sae(str(tiny_sae(tmp_path / f"{family}-sae", 16, "blocks.1.hook_resid_mid")), str(folder))


def test_links_into_a_cache_are_followed(tmp_path):
    """Downloads of the hub are links into its cache."""
    whole, linked = tiny_sae(tmp_path / "blobs"), tmp_path / "snapshot"
    linked.mkdir()
    for file in whole.iterdir():
        (linked / file.name).symlink_to(file)
    assert read_sae(linked)[0] == read_sae(whole)[0]
    assert sae_sha256(linked) == sae_sha256(whole)


def test_hash_covers_weights_and_settings(tmp_path):
    hashes = {
        sae_sha256(tiny_sae(tmp_path / str(n), **options)) for n, options in enumerate(({}, {"seed": 1}, {"k": 1}, {}))
    }
    assert len(hashes) == 3


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_other_precision_are_converted(tmp_path, dtype):
    weights = {name: values.to(dtype) for name, values in sae_weights(64).items()}
    _, tensors = read_sae(write(tmp_path / "sae", cfg_of(64), weights))
    assert all(values.dtype == torch.float32 for values in tensors.values())
    torch.testing.assert_close(tensors["W_enc"], weights["W_enc"].float())


def test_shared_threshold_is_expanded(tmp_path):
    weights = {**sae_weights(64), "topk_threshold": torch.tensor(0.7, dtype=torch.float64)}
    _, tensors = read_sae(write(tmp_path / "sae", cfg_of(64, architecture="batchtopk", k=3.5), weights))
    torch.testing.assert_close(tensors["threshold"], torch.full((40,), 0.7))


def test_defaults_match_saelens():
    form = parse_config({"d_in": 4, "d_sae": 8, "hook_name": "blocks.0.hook_resid_pre"}, "cfg")
    assert (form.architecture, form.subtracts_b_dec, form.rescaling) == ("standard", True, "none")
    assert form.model_centred is None  # of no version
