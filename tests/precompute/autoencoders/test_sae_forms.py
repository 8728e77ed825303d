"""Published forms of dictionaries: the latents of a plain formula, or a refusal in one line."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from precompute.models.autoencoder.config import SaeError
from precompute.models.autoencoder.files import is_sae, read_sae, sae_sha256
from precompute.models.autoencoder.hook_place import layer_and_part
from precompute.models.autoencoder.latents import Latents
from tests.support.models import dictionary_forms as forms
from tests.support.models.dictionary_forms import D_IN, D_SAE, FORMS


def latents_of(place: Path, h: np.ndarray) -> np.ndarray:
    """Latents of the rows of h, as a build computes them."""
    config, weights = read_sae(place)
    return Latents.of(config, None, False, weights, torch.device("cpu")).activations(torch.from_numpy(h)).numpy()


@pytest.mark.parametrize("name", FORMS)
def test_latents_match_the_plain_formula(tmp_path, name):
    maker, hook, hooks_out = FORMS[name]
    place, formula = maker(tmp_path / "sae")
    config, weights = read_sae(place)
    assert (config.hook, config.hooks_out, config.d_in, config.d_sae) == (hook, hooks_out, D_IN, D_SAE)
    h = np.random.default_rng(0).normal(size=(30, D_IN)).astype(np.float32)
    expected = formula(h.astype(np.float64))
    assert 0.05 < (expected > 0).mean() < 0.95
    np.testing.assert_allclose(latents_of(place, h), expected, atol=1e-4, rtol=1e-4)
    layer_and_part(config.hook)  # a place that a build can read
    assert weights["W_dec"].shape[-1] == D_IN


@pytest.mark.parametrize("name", FORMS)
def test_hash_covers_every_file(tmp_path, name):
    place, _ = FORMS[name][0](tmp_path / "sae")
    before = sae_sha256(place)
    folder = place if place.is_dir() else place.parent
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        path.write_bytes(content + b" ")
        assert sae_sha256(place) != before, path.name
        path.write_bytes(content)
    assert sae_sha256(place) == before


def test_scale_is_folded_into_the_decoder(tmp_path):
    """A latent of scaled inputs writes back into unscaled ones."""
    place, _ = forms.saelens_scaled(tmp_path / "sae")
    stored, (_, weights) = load_file(place / "sae_weights.safetensors"), read_sae(place)
    torch.testing.assert_close(weights["W_dec"], stored["W_dec"] / 2.5)
    torch.testing.assert_close(weights["b_dec"], stored["b_dec"] / 2.5)


def test_factors_of_fine_tuning_are_folded_into_the_decoder(tmp_path):
    place, _ = forms.saelens_finetuned(tmp_path / "sae")
    stored, (_, weights) = load_file(place / "sae_weights.safetensors"), read_sae(place)
    torch.testing.assert_close(weights["W_dec"], stored["W_dec"] * stored["scaling_factor"][:, None])


def test_a_file_in_the_folder_names_it_as_well(tmp_path):
    place, _ = forms.gemma_scope(tmp_path)
    assert read_sae(place / "params.npz")[0] == read_sae(place)[0]
    assert not is_sae(tmp_path)


# Refusals: name of the problem: (maker, change of the place, words of the message)


def settings(name: str, **changes) -> Callable[[Path], None]:
    def spoil(place: Path) -> None:
        path = place / name
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return spoil


def trainer(**changes) -> Callable[[Path], None]:
    def spoil(place: Path) -> None:
        content = json.loads((place / "config.json").read_text())
        (place / "config.json").write_text(json.dumps({"trainer": {**content["trainer"], **changes}}))

    return spoil


def without(name: str, tensor: str) -> Callable[[Path], None]:
    def spoil(place: Path) -> None:
        tensors = load_file(place / name)
        del tensors[tensor]
        save_file(tensors, place / name)

    return spoil


class Runs:
    """Object that creates a folder when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def with_an_object(place: Path) -> None:
    torch.save({**torch.load(place / "ae.pt", weights_only=True), "extra": Runs(place / "ran")}, place / "ae.pt")


def array_of_objects(place: Path) -> None:
    with np.load(place / "params.npz") as stored:
        arrays = dict(stored)
    np.savez(place / "params.npz", **{**arrays, "threshold": np.array([Runs(place / "ran")] * D_SAE)})


def claims_more(place: Path) -> None:
    """A header of a hundred terabytes before a few bytes."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (25000000000000,), }"
    header = header + b" " * (-(len(header) + 11) % 64) + b"\n"
    with zipfile.ZipFile(place / "params.npz", "a") as archive:
        archive.writestr("more.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)


def expands(place: Path) -> None:
    np.savez_compressed(place / "params.npz", W_enc=np.zeros((4000, 4000), dtype=np.float32))


def cut_short(name: str) -> Callable[[Path], None]:
    return lambda place: (place / name).write_bytes((place / name).read_bytes()[:200]) and None


def text(name: str, content: str) -> Callable[[Path], None]:
    return lambda place: ((place if place.is_dir() else place.parent) / name).write_text(content) and None


BAD: dict[str, tuple[forms.Maker, Callable[[Path], None], str]] = {
    "gemma scope, cut short": (forms.gemma_scope, cut_short("params.npz"), "not a complete .npz file"),
    "gemma scope, objects": (forms.gemma_scope, array_of_objects, "threshold is object[40]"),
    "gemma scope, a header of terabytes": (forms.gemma_scope, claims_more, "more is shorter than its header says"),
    "gemma scope, compressed zeros": (forms.gemma_scope, expands, "expands to more than 10 times its size"),
    "gemma scope, no hook_name beside": (
        forms.gemma_scope_with_cfg, text("cfg.json", "{}"), "the folders do not say what it reads"
    ),
    "gemma scope 2, a crosscoder": (
        forms.gemma_scope_2, settings("config.json", type="crosscoder"), "type 'crosscoder' is not supported"
    ),
    "gemma scope 2, another architecture": (
        forms.gemma_scope_2, settings("config.json", architecture="topk"), "architecture 'topk' is not supported"
    ),
    "gemma scope 2, a list of places": (
        forms.gemma_scope_2, settings("config.json", hf_hook_point_in=["model.layers.1.output"]),
        "hf_hook_point_in is \"['model.layers.1.output']\", which is not supported; use model.layers.N.output",
    ),
    "gemma scope 2, no decoder": (
        forms.gemma_scope_2, without("params.safetensors", "w_dec"), "the file lacks w_dec"
    ),
    "sparsify, groupmax": (forms.sparsify, settings("cfg.json", activation="groupmax"), "activation 'groupmax'"),
    "sparsify, signed": (forms.sparsify, settings("cfg.json", signed=True), "signed latents of sparsify"),
    "sparsify, no encoder": (
        forms.sparsify, without("sae.safetensors", "encoder.weight"), "the file lacks encoder.weight"
    ),
    "sparsify, a transcoder of a block": (
        forms.sparsify, settings("cfg.json", transcode=True), "name it layers.N.mlp, or add hook_name to cfg.json"
    ),
    "sparsify, of attention": (
        lambda folder: forms.sparsify(folder, "layers.1.self_attn"), lambda place: None,
        "name it layers.N or layers.N.mlp",
    ),
    "sparsify, k is a text": (forms.sparsify, settings("cfg.json", k="5"), "k is '5', not a positive whole number"),
    "dictionary_learning, a file that runs": (forms.dl_topk, with_an_object, "other content could run code"),
    "dictionary_learning, cut short": (forms.dl_topk, cut_short("ae.pt"), "not a file of tensors alone"),
    "dictionary_learning, another class": (
        forms.dl_topk, trainer(dict_class="CrossCoder"), "dict_class 'CrossCoder' is not supported; use AutoEncoder"
    ),
    "dictionary_learning, of attention": (
        forms.dl_topk, trainer(submodule_name="attn_out_layer_1"), "neither submodule_name nor the folder's name"
    ),
    "dictionary_learning, two layers": (
        forms.dl_topk, trainer(submodule_name="resid_post_layer_2"), "neither submodule_name nor the folder's name"
    ),
    "dictionary_learning, no trainer": (forms.dl_topk, text("config.json", "{}"), "no settings of a trainer"),
    "dictionary_learning, another width": (
        forms.dl_topk, trainer(activation_dim=8), "encoder.weight is F32[16, 40], the settings require"
    ),
    "circuit-tracer, places that are none": (
        forms.circuit_tracer, text("config.yaml", "feature_input_hook: [1]"), "have no valid names"
    ),
    "circuit-tracer, a YAML tag": (
        forms.circuit_tracer, text("config.yaml", "a: !!python/object/apply:os.getcwd []"), "not valid YAML"
    ),
    "circuit-tracer, no decoder beside": (
        forms.cross_layer, lambda place: place.with_name("W_dec_1.safetensors").unlink(),
        "no W_dec_1.safetensors beside it",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_other_files_are_refused_in_one_line(tmp_path, name):
    maker, spoil, words = BAD[name]
    place, _ = maker(tmp_path / "sae")
    spoil(place)
    with pytest.raises(SaeError) as error:
        read_sae(place)
    assert words in str(error.value)
    assert str(place if place.is_dir() else place.parent) in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value).replace(str(tmp_path), "")) < 400
    assert not (place / "ran").exists()


def test_a_place_in_attention_is_refused(tmp_path):
    place, _ = forms.of_npz(tmp_path / "gemma-scope-2b-pt-att" / "layer_1" / "width_16k" / "average_l0_5")
    with pytest.raises(SaeError, match=r"hook 'blocks\.1\.attn\.hook_z' is not supported; use blocks\.N\.mlp"):
        layer_and_part(read_sae(place)[0].hook)
