"""“Out again” of docs/inputs-texts.md: what a notebook shows, stable ids, and lists for Neuronpedia."""

import json
import shutil
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.manifest import Model
from ne_core.export.frames import features_frame
from ne_core.export.neuronpedia_list import MOST, neuronpedia_list, neuronpedia_list_href
from ne_core.export.notebook import feature
from ne_core.export.stable_ids import stable_ids
from ne_core.refs import FeatureRef, NeuronRef
from tests.support.planted import HOSTILE

TAGS = ("<div", "</div", "<style", "</style", "<p", "</p", "<b>", "</b>", "<ol", "</ol", "<li", "</li", "<bdi", "</bdi")


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def without_own_tags(html: str) -> str:
    for tag in TAGS:
        html = html.replace(tag, "")
    return html


def test_atlas_renders_itself(atlas):
    html = atlas._repr_html_()
    assert f"<td>{len(atlas.features['layer']):,}</td>" in html
    hostile = replace(atlas, manifest=replace(atlas.manifest, name=HOSTILE[0], model=Model(name=HOSTILE[1])))
    html = hostile._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_every_feature_renders_itself_escaped(atlas):
    drawn = ""
    for layer, neuron, number in zip(
        *(atlas.features[c].tolist() for c in ("layer", "neuron", "feature")), strict=True
    ):
        view = feature(atlas, FeatureRef(layer, neuron, number))
        drawn += view._repr_html_()
        assert f"{len(view.rows):,} examples" in repr(view)
    assert "<" not in without_own_tags(drawn), "hostile tokens open no tag"
    assert "&lt;script&gt;" in drawn


def test_feature_lists_its_highest_examples(atlas):
    view = feature(atlas, FeatureRef(0, 0, 0), examples=3)
    neuron = atlas.neuron(view.ref.of)
    assert (np.diff(neuron.activation[view.rows].astype(float)) <= 0).all()
    assert set(view.rows) == set(np.flatnonzero(neuron.feature == 0))
    assert view._repr_html_().count("<li>") == 3
    with pytest.raises(KeyError, match="no feature"):
        feature(atlas, FeatureRef(0, 0, 99))


# stable ids


def test_stable_ids_are_unique_and_in_the_table(atlas):
    frame = features_frame(atlas)
    assert frame["stable_id"].str.fullmatch("[0-9a-f]{16}").all()
    assert frame["stable_id"].is_unique
    assert features_frame(atlas, [5, 2])["stable_id"].tolist() == frame["stable_id"][[5, 2]].tolist()


def test_stable_ids_follow_the_examples_and_not_the_numbers(atlas, tiny_atlas, tmp_path):
    ids = np.arange(len(atlas.features["layer"]))
    before = stable_ids(atlas, ids)
    copy = Atlas.open(shutil.copytree(tiny_atlas, tmp_path / "renamed"))
    assert stable_ids(copy, ids) == before
    other = replace(atlas, manifest=replace(atlas.manifest, model=replace(atlas.manifest.model, sha256="0" * 64)))
    assert not set(stable_ids(other, ids)) & set(before), "of another model"


# Neuronpedia


@pytest.fixture(scope="module")
def gpt2(atlas) -> Atlas:
    shape = {"layers": (0, 5, 11), "n_neurons": (3072,) * 3, "d_in": (768,) * 3}
    return replace(atlas, manifest=replace(atlas.manifest, model=Model(name="gpt2"), **shape))


def test_list_of_neurons(gpt2):
    entries = neuronpedia_list(gpt2, [FeatureRef(5, 12, 3), NeuronRef(0, 7), FeatureRef(5, 12, 0)])
    assert entries == [
        {"modelId": "gpt2-small", "layer": "5", "index": "12"},
        {"modelId": "gpt2-small", "layer": "0", "index": "7"},
    ]
    query = parse_qs(urlsplit(neuronpedia_list_href(entries, "a & b <c>")).query)
    assert query["name"] == ["a & b <c>"]
    assert json.loads(query["features"][0]) == entries


def test_list_of_latents_needs_names(atlas):
    with pytest.raises(ValueError, match="give model=, its name there"):
        neuronpedia_list(atlas, [NeuronRef(0, 1)])
    entries = neuronpedia_list(atlas, [NeuronRef(6, 650)], model="gpt2-small", source="res-jb")
    assert entries == [{"modelId": "gpt2-small", "layer": "6-res-jb", "index": "650"}]
    with pytest.raises(ValueError, match=f"at most {MOST}"):
        neuronpedia_list_href(entries * (MOST + 1), "many")
