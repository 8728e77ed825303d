"""Addresses on Neuronpedia: only for raw MLP neurons of a known model, checked by name and shape."""

from dataclasses import replace

import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.manifest import Model
from ne_core.queries.neuronpedia import neuronpedia_href
from ne_core.refs import NeuronRef

REF = NeuronRef(5, 1234)


@pytest.fixture(scope="module")
def gpt2(tiny_atlas):
    """Manifest of an atlas of three layers of GPT2-small."""
    shape = {"layers": (0, 5, 11), "n_neurons": (3072,) * 3, "d_in": (768,) * 3}
    return replace(Atlas.open(tiny_atlas).manifest, model=Model(name="gpt2"), **shape)


@pytest.mark.parametrize("name", ["gpt2", "gpt2-small", "openai-community/gpt2"])
def test_neuron_of_a_known_model(name, gpt2):
    manifest = replace(gpt2, model=Model(name=name))
    assert neuronpedia_href(manifest, REF) == "https://www.neuronpedia.org/gpt2-small/5/1234"


@pytest.mark.parametrize(
    "changes",
    [
        {"model": Model(name="gpt2-medium")},
        {"model": Model(name="../gpt2")},
        {"model": Model(name=None)},
        {"model": Model(name=["gpt2"])},
        {"model": Model(name="gpt2", sae="an autoencoder")},
        {"units": "latents"},
        {"kind": "images"},
        {"layers": (0, 5, 12)},
        {"n_neurons": (3072, 3072, 24576)},
        {"d_in": (768, 768, 1024)},
    ],
    ids=str,
)
def test_no_address_for_anything_else(changes, gpt2):
    assert neuronpedia_href(replace(gpt2, **changes), REF) is None
