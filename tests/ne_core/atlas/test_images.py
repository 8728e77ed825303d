"""Atlases of images with planted latents: rows, features, names, and rejection of damaged or hostile files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ne_core.atlas import Atlas
from ne_core.atlas.verify import verify
from ne_core.errors import AtlasError
from ne_core.export.static_page import static_page
from ne_core.refs import NeuronRef
from pages.components.shell.settings import settings
from precompute.autoencoders.images import ImageSource, write_image_atlas
from precompute.config import RunConfig
from precompute.models.source import UnfitModelError
from tests.support.hostile import ODD_VALUES, change_array, copy_atlas, manifest_of, set_manifest
from tests.support.planted_images import (
    ACTIVE_FOR,
    CHOICES,
    CLASSES,
    D_IN,
    NAMES,
    ORDERS,
    N,
    make_image_atlas,
    planted_layers,
    planted_set,
)


@pytest.fixture(scope="module")
def atlas(image_atlas: Path) -> Atlas:
    return Atlas.open(image_atlas)


@pytest.fixture
def copy(image_atlas: Path, tmp_path: Path) -> Path:
    return copy_atlas(image_atlas, tmp_path / "atlas")


def latents(atlas: Atlas):
    """Every latent, with the number of its planted meaning."""
    return [(NeuronRef(layer, neuron), which) for layer in atlas.layers for neuron, which in enumerate(ORDERS[layer])]


def test_planted_atlas_is_valid(image_atlas: Path):
    assert list(verify(image_atlas)) == []


def test_images_and_labels_are_stored_unchanged(atlas: Atlas):
    images = planted_set()
    assert atlas.manifest.images
    assert np.array_equal(atlas.images, images.images)
    assert np.array_equal(atlas.tokens[:, 0], images.labels)
    assert atlas.vocab == CLASSES
    assert atlas.manifest.layer_names == tuple(NAMES)
    assert atlas.manifest.units == "latents"


def test_embeddings_sum_to_the_pre_activations(atlas: Atlas):
    """Check sum(x ⊙ w) + b = z, as for every source; the atlas holds x and w in float16."""
    for ref, _ in latents(atlas):
        layer, neuron = atlas.weights(ref.layer), atlas.neuron(ref)
        sums = layer.embed(atlas.neuron_inputs(ref).astype(np.float32), ref.neuron).sum(axis=1) + layer.b_in[ref.neuron]
        assert np.allclose(sums, neuron.activation, atol=0.01)  # all above 0, where z is the activation


def test_image_source_reads_the_planted_layers():
    images = planted_set()
    layers = planted_layers(images)
    source, images_read = ImageSource(layers), torch.tensor([[149], [3]])
    readings = {}
    source.read(images_read, torch.tensor([1, 1]), lambda each: readings.update({each.layer: each}), layers=[1])
    assert list(readings) == [1]
    assert np.array_equal(source.inputs(1, readings[1].x)[:, 0], layers[1].x[[149, 3]])
    assert np.array_equal(readings[1].activations[:, 0], layers[1].activations[[149, 3]])


def test_images_have_no_mask_baselines():
    source = ImageSource(planted_layers(planted_set()))
    assert source.baselines([]) == {}
    with pytest.raises(UnfitModelError, match="no other token to mask"):
        source.baselines(["mask-token"])


def test_first_hundred_active_images_are_stored(atlas: Atlas):
    labels = planted_set().labels
    for ref, which in latents(atlas):
        fires = np.flatnonzero(np.isin(labels, ACTIVE_FOR[which]))
        assert atlas.neuron(ref).example.tolist() == fires[:100].tolist()


def test_threshold_and_maximum_number_of_examples(tmp_path: Path):
    atlas = Atlas.open(make_image_atlas(tmp_path / "few", max_examples=7, keep=0.9))
    images = planted_set()
    for ref, _ in latents(atlas):
        activations = planted_layers(images)[ref.layer].activations[:, ref.neuron]
        high = np.flatnonzero((activations >= np.float32(0.9) * activations.max()) & (activations > 0))
        assert atlas.neuron(ref).example.tolist() == high[:7].tolist()


def test_latent_has_a_feature_for_each_of_its_classes(atlas: Atlas):
    for ref, which in latents(atlas):
        neuron = atlas.neuron(ref)
        for feature, id in enumerate(atlas.feature_ids(ref)):
            of_feature = atlas.tokens[neuron.example[neuron.feature == feature], 0]
            assert set(of_feature.tolist()) == {atlas.features["name_keys"][id][0]}  # which names it
        assert len(atlas.feature_ids(ref)) == len(ACTIVE_FOR[which])


def test_similar_features_have_the_same_class(atlas: Atlas):
    for id in range(len(atlas.features["layer"])):
        similar, cosine = atlas.similar(atlas.feature_ref(id), "neuron")[0]
        assert cosine > 0.9
        assert atlas.features["name_keys"][atlas.feature_id(similar)][0] == atlas.features["name_keys"][id][0]


def test_logit_effects_subtract_the_mean_over_classes(atlas: Atlas):
    effects = atlas.logit_effects(NeuronRef(0, 1))  # only class 2 has an effect, 2.2
    assert effects.raised == [(2, pytest.approx(2.2 * 2 / 3, abs=1e-3))]
    assert {label for label, _ in effects.lowered} == {0, 1}
    assert [effect for _, effect in effects.lowered] == pytest.approx([-2.2 / 3] * 2, abs=1e-3)


def test_importance_is_not_computed(atlas: Atlas):
    assert atlas.manifest.baselines == ()
    assert atlas.manifest.importance.rows == 0
    assert atlas.neuron(NeuronRef(0, 0)).window_importances.shape == (100, 0, 1)


def test_search_by_class(atlas: Atlas):
    ids = atlas.search.words("cross")
    assert {int(atlas.features["name_keys"][id][0]) for id in ids} == {1}


def test_statistics_use_a_sample_of_all_images(tmp_path: Path, monkeypatch):
    images = planted_set()
    layers = planted_layers(images)
    write_image_atlas(tmp_path / "atlas", images, layers, CHOICES)
    statistics = Atlas.open(tmp_path / "atlas").input_statistics(0)
    assert np.allclose(statistics.mean, layers[0].x.mean(axis=0), atol=1e-3)
    monkeypatch.setattr(RunConfig, "sample_positions", 20)
    write_image_atlas(tmp_path / "fewer", images, layers, CHOICES)
    assert Atlas.open(tmp_path / "fewer").manifest.sample_positions == 20


def test_number_of_features_and_progress(tmp_path: Path):
    images, progress = planted_set(), []
    layers = planted_layers(images)
    written = write_image_atlas(tmp_path / "atlas", images, layers, CHOICES, progress=lambda *n: progress.append(n))
    assert written == len(Atlas.open(tmp_path / "atlas").features["layer"]) == 12
    assert progress == [(N, N)]


def test_additional_files_are_part_of_the_atlas(tmp_path: Path):
    images = planted_set()

    def write_lab(folder: Path) -> None:
        (folder / "lab").mkdir()
        (folder / "lab" / "sweep.json").write_text("{}")

    out = tmp_path / "atlas"
    write_image_atlas(out, images, planted_layers(images), CHOICES, write_lab)
    assert "lab/sweep.json" in Atlas.open(out).manifest.files
    assert list(verify(out)) == []
    (out / "lab" / "sweep.json").write_text("[]")
    assert "lab/sweep.json is not what was written" in next(verify(out))


def test_same_arrays_give_the_same_bytes(image_atlas: Path, tmp_path: Path):
    again = make_image_atlas(tmp_path / "again")
    assert Atlas.open(again).manifest.files == Atlas.open(image_atlas).manifest.files


def test_layers_of_different_input_widths_are_rejected(tmp_path: Path):
    images = planted_set()
    one, other = planted_layers(images)
    weights = replace(other.weights, W_in=np.ones((D_IN + 1, 4), dtype=np.float32))
    wider = replace(other, weights=weights, x=np.ones((N, D_IN + 1), dtype=np.float32))
    with pytest.raises(ValueError, match="layers of different input widths"):
        write_image_atlas(tmp_path / "atlas", images, [one, wider], CHOICES)
    assert not (tmp_path / "atlas").exists()


def test_unknown_manifest_field_is_rejected(tmp_path: Path):
    with pytest.raises(TypeError, match="colour"):
        make_image_atlas(tmp_path / "atlas", colour="red")


WRONG_IMAGES = {
    "fewer than examples": lambda images: images[1:],
    "without height": lambda images: images[:, :0],
    "without width": lambda images: images[:, :, :0],
    "too large to be shown": lambda images: np.zeros((N, 65, 1), dtype=np.uint8),
    "numbers beyond bytes": lambda images: images.astype(np.int16),
    "in colour": lambda images: np.stack([images] * 3, axis=-1),
    "flat": lambda images: images.reshape(N, -1),
}


@pytest.mark.parametrize("wrong", WRONG_IMAGES)
def test_wrong_images_are_rejected_in_one_line(copy: Path, wrong: str):
    change_array(copy, "images.npy", WRONG_IMAGES[wrong])
    (line,) = verify(copy)
    assert "images.npy" in line
    assert "\n" not in line


def test_missing_images_are_reported(copy: Path):
    (copy / "images.npy").unlink()
    with pytest.raises(AtlasError, match=r"images.npy is missing"):
        Atlas.open(copy)


@pytest.mark.parametrize("label", [-1, len(CLASSES), 2**31 - 1])
def test_labels_out_of_range_are_rejected(copy: Path, label: int):
    def change(tokens: np.ndarray) -> None:
        tokens[3, 0] = label

    change_array(copy, "tokens.npy", change)
    with pytest.raises(AtlasError, match=r"tokens.npy"):
        Atlas.open(copy)


def test_image_without_label_is_rejected(copy: Path):
    change_array(copy, "lengths.npy", lambda lengths: 0 * lengths)
    with pytest.raises(AtlasError, match=r"lengths.npy does not give every image its one label"):
        Atlas.open(copy)


WRONG_FACTS = {
    "masks": {"baselines": ["mask-token"]},
    "an unknown kind": {"kind": "sounds"},
    "context": {"window": {"back": 2, "forward": 0}},
    "too few names": {"layer_names": ["one"]},
    "unknown units": {"units": "cells"},
}


@pytest.mark.parametrize("wrong", WRONG_FACTS)
def test_wrong_manifest_of_images_is_rejected(copy: Path, wrong: str):
    set_manifest(copy, **WRONG_FACTS[wrong])
    with pytest.raises(AtlasError, match="contradicts itself") as error:
        Atlas.open(copy)
    assert "\n" not in str(error.value)


def test_texts_without_a_mask_baseline_are_rejected(tiny_atlas: Path, tmp_path: Path):
    root = copy_atlas(tiny_atlas, tmp_path / "atlas")
    set_manifest(root, baselines=[])
    with pytest.raises(AtlasError, match="baselines"):
        Atlas.open(root)


READ = ("kind", "units", "layer_names", "baselines", "window", "n_ctx", "keep", "max_examples", "importance", "corpus")


def error_or_nothing(root: Path) -> str:
    """Return the error of opening an atlas, or an empty text if it can be opened and shown."""
    try:
        atlas = Atlas.open(root)
    except AtlasError as error:
        return str(error)
    settings(atlas.manifest)
    static_page(atlas, NeuronRef(0, 0))
    return ""


@pytest.mark.fast("kind", "units", "window")
@pytest.mark.parametrize("field", READ)
def test_odd_manifests_are_shown_or_rejected_in_one_line(copy: Path, field: str):
    usual = manifest_of(copy)[field]
    for value in ODD_VALUES:
        set_manifest(copy, **{field: value})
        assert "\n" not in error_or_nothing(copy)
    set_manifest(copy, **{field: usual})
    assert list(verify(copy)) == []
