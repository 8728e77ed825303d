"""Autoencoders of old versions and of centred models: latents at every hook match the model of their training.

SAELens loaded its model with `HookedTransformer.from_pretrained`, which centres, until 3.19.1, and with
`from_pretrained_no_processing` since. `hook_point` became `hook_name` in 3.0.0. The options of loading are in the files
of 1.8.0 to 2.1.3, and since 3.19.2.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformer_lens.model_bridge import TransformerBridge

from precompute.models.autoencoder import open_sae
from precompute.models.autoencoder.config import SaeError, parse_config
from precompute.models.transformer.checkpoint import open_checkpoint
from tests.precompute.models.test_transformer_source import (
    one_thread,  # noqa: F401
    prompts,
    read,
)
from tests.support.models.centred_models import HOOKS, centred_model, hook_value, load_model
from tests.support.models.tiny_saes import latents_of, sae_weights, write
from tests.support.tiny_models import tiny_checkpoint

SAYS = "model_from_pretrained_kwargs"
FLAGS = ("fold_ln", "center_writing_weights", "center_unembed", "fold_value_biases")
PLACES = [(family, part) for family, parts in HOOKS.items() for part in parts]
OF_THE_STREAM = [(family, part) for family, part in PLACES if family != "llama" and part != "mlp.hook_post"]
# name: (fields of cfg.json besides d_in, d_sae and the hook, called `hook_point` if that is a field; True if the model
# of training was centred)
CENTRED = {
    "before versions": ({"hook_point": True}, True),
    "2.1, no option": ({"hook_point": True, "sae_lens_training_version": "2.1.0", SAYS: {}}, True),
    "2.1, other options": ({"hook_point": True, "sae_lens_training_version": "2.1.0", SAYS: {"n_devices": 2}}, True),
    "2.1, not centred": ({"hook_point": True, SAYS: {"center_writing_weights": False}}, False),
    "3.0": ({"sae_lens_training_version": "3.0.0"}, True),
    "3.19.1": ({"sae_lens_training_version": "3.19.1"}, True),
    "3.5, saved again by 4": ({"sae_lens_training_version": "3.5.0", SAYS: {}}, True),
    "2.1, saved again by 6": (
        {"metadata": {"sae_lens_version": "6.12.0", "sae_lens_training_version": "2.1.3", SAYS: None}},
        True,
    ),
    "centred by its options": ({"sae_lens_training_version": None, SAYS: {"center_writing_weights": True}}, True),
    "3.19.2": ({"sae_lens_training_version": "3.19.2", SAYS: {"center_writing_weights": False}}, False),
    "3.19.2, no option": ({"sae_lens_training_version": "3.19.2"}, False),
    "6, a candidate": ({"metadata": {"sae_lens_training_version": "6.0.0-rc.1", SAYS: {}}}, False),
    "6, no option": ({"metadata": {"sae_lens_version": "6.39.0"}}, False),
    "6, centred": (
        {"metadata": {"sae_lens_training_version": "6.1.0", SAYS: {"center_writing_weights": True}}},
        True,
    ),
}
UNKNOWN = {
    "no version": {},
    "an unknown version": {"sae_lens_training_version": "first"},
    "saved again by 6": {"metadata": {"sae_lens_version": "6.12.0", "sae_lens_training_version": None, SAYS: {}}},
    "saved again by 4": {"sae_lens_training_version": None, SAYS: {}},
}


def cfg(fields: dict, hook: str, d_in: int) -> dict:
    other_fields = {name: value for name, value in fields.items() if name != "hook_point"}
    return {"d_in": d_in, "d_sae": 40, "hook_point" if "hook_point" in fields else "hook_name": hook, **other_fields}


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, Path]:
    return {family: tiny_checkpoint(family, tmp_path_factory.mktemp(family)) for family in HOOKS}


def width(family: str, part: str) -> int:
    return (64 if family == "gpt2" else 24) if part == "mlp.hook_post" else 16


def same_latents(folder: Path, models: dict[str, Path], family: str, part: str, centred: bool) -> None:
    source, (tokens, _) = open_sae(str(folder), str(models[family])), prompts()
    result = read(source, tokens, torch.full((len(tokens),), tokens.shape[1]))[1].activations
    model = centred_model(family, models[family]) if centred else load_model(models[family])
    h = hook_value(model, family, part, tokens).flatten(0, 1).numpy()
    expected = latents_of(folder, h)
    assert (expected > 0).mean() > 0.1
    np.testing.assert_allclose(result.flatten(0, 1).numpy(), expected, atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("name", CENTRED)
def test_cfg_tells_if_the_model_was_centred(name):
    fields, centred = CENTRED[name]
    assert parse_config(cfg(fields, "blocks.1.hook_resid_pre", 16), "cfg.json").model_centred is centred


@pytest.mark.fast("gpt2")
@pytest.mark.parametrize("name", ["before versions", "3.19.2"])
@pytest.mark.parametrize(("family", "part"), PLACES)
def test_latents_match_the_model_of_training(models, tmp_path, family, part, name):
    fields, centred = CENTRED[name]
    d_in = width(family, part)
    folder = write(tmp_path / "sae", cfg(fields, f"blocks.1.{part}", d_in), sae_weights(d_in))
    same_latents(folder, models, family, part, centred)


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_centring_is_none(name):
    assert parse_config(cfg(UNKNOWN[name], "blocks.1.hook_resid_pre", 16), "cfg.json").model_centred is None


@pytest.mark.fast("gpt2")
@pytest.mark.parametrize(("family", "part"), PLACES)
def test_unknown_centring_is_refused_where_it_matters(models, tmp_path, family, part):
    d_in = width(family, part)
    folder = write(tmp_path / "sae", cfg(UNKNOWN["no version"], f"blocks.1.{part}", d_in), sae_weights(d_in))
    if (family, part) not in OF_THE_STREAM:
        return same_latents(folder, models, family, part, centred=False)
    with pytest.raises(SaeError) as error:
        open_sae(str(folder), str(models[family]))
    assert '"center_writing_weights": true' in str(error.value)
    assert str(folder) in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 400


@pytest.mark.fast("gpt2")
@pytest.mark.parametrize("family", HOOKS)
def test_processing_matches_the_library(models, family):
    """Check that only the flag `center_writing_weights` changes the activations at a hook."""
    (tokens, _), folder = prompts(), models[family]
    plain, centred = (
        {part: hook_value(model, family, part, tokens) for part in HOOKS[family]}
        for model in (load_model(folder), centred_model(family, folder))
    )
    for flag in FLAGS:
        expected = centred if flag == "center_writing_weights" else plain
        for part, values in activations_processed(folder, HOOKS[family], tokens, flag).items():
            torch.testing.assert_close(values, expected[part], atol=1e-5, rtol=1e-4)
            changes = (family, part) in OF_THE_STREAM and flag == "center_writing_weights"
            assert changes == (float((values - plain[part]).abs().max()) > 1e-3)


def activations_processed(
    folder: Path, parts: Iterable[str], tokens: torch.Tensor, flag: str
) -> dict[str, torch.Tensor]:
    """Activations at hooks of block 1 of a bridge with one step of HookedTransformer's processing."""
    bridge: TransformerBridge = open_checkpoint(str(folder), torch.device("cpu"), torch.float32).bridge
    bridge.enable_compatibility_mode(disable_warnings=True, **{name: name == flag for name in FLAGS})
    with torch.inference_mode():
        _, cache = bridge.run_with_cache(tokens, names_filter=[f"blocks.1.{part}" for part in parts])
    return {part: cache[f"blocks.1.{part}"].reshape(*tokens.shape, -1).clone() for part in parts}


def test_centred_stream_of_post_norm_blocks_is_refused(tmp_path):
    """BERT's blocks end with a norm, so its stream is not a sum of the parts written to it."""
    folder = tiny_checkpoint("bert", tmp_path / "bert")
    for part in ("hook_resid_pre", "hook_mlp_out"):
        sae = write(tmp_path / part, cfg({"hook_point": True}, f"blocks.1.{part}", 16), sae_weights(16))
        with pytest.raises(SaeError, match="centred"):
            open_sae(str(sae), str(folder))


def test_centring_option_must_be_true_or_false():
    with pytest.raises(SaeError, match="center_writing_weights is 'yes', not true or false"):
        parse_config(cfg({SAYS: {"center_writing_weights": "yes"}}, "blocks.1.hook_resid_pre", 16), "cfg.json")


def test_manifest_records_centring(models, tmp_path):
    for part, centred in {"mlp.hook_post": False, "hook_mlp_out": True}.items():
        d_in = width("gpt2", part)
        sae = write(tmp_path / part, cfg({"hook_point": True}, f"blocks.1.{part}", d_in), sae_weights(d_in))
        assert open_sae(str(sae), str(models["gpt2"])).facts("any")["centred"] is centred
