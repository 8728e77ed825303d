"""Spread of examples over sources, and names that are short enough for a line."""

from itertools import combinations

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.queries.sources import (
    central_sources,
    examples_from,
    has_source,
    kinds_by_chance,
    short_source,
    source_names,
    spread,
)
from ne_core.refs import NeuronRef
from tests.support.hostile import copy_atlas, without_documents
from tests.support.planted import FILES


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


@pytest.mark.parametrize("k", [0, 1, 3, 6])
@pytest.mark.parametrize("counts", [[6], [1] * 6, [3, 2, 1]])
def test_kinds_by_chance_is_the_mean_over_all_subsets(counts, k):
    kinds = [kind for kind, count in enumerate(counts) for _ in range(count)]
    expected = np.mean([len(set(subset)) for subset in combinations(kinds, k)])
    assert kinds_by_chance(np.array(counts), k) == pytest.approx(expected)


def test_spread_counts_documents_and_groups(atlas):
    neuron = atlas.neuron(NeuronRef(0, 0))
    rows = np.flatnonzero(neuron.feature == 0)
    result, names = spread(atlas, neuron, rows), source_names(atlas, neuron, rows)
    assert dict(result.by_document) == {name: names.count(name) for name in names}
    assert dict(result.by_group) == {
        group: sum(name.startswith(group) for name in names) for group in {name.rsplit(" line", 1)[0] for name in names}
    }
    assert [count for _, count in result.by_document] == sorted((n for _, n in result.by_document), reverse=True)
    assert result.n_examples == len(rows) == 14
    everything = spread(atlas, neuron, np.arange(len(neuron)))
    assert everything.documents_by_chance == pytest.approx(len(everything.by_document))
    assert result.documents_by_chance <= everything.documents_by_chance


@pytest.mark.parametrize("text", [FILES[0], f"{FILES[1]} line 1", "no such file"])
def test_examples_from_a_source_are_those_with_its_name(atlas, text):
    counts = examples_from(atlas, text)
    assert len(counts) == len(atlas.features["size"])
    for id in range(len(counts)):
        ref = atlas.feature_ref(id)
        neuron = atlas.neuron(ref.of)
        from_it = [name.startswith(text) for name in source_names(atlas, neuron, np.arange(len(neuron)))]
        assert has_source(atlas, neuron, text).tolist() == from_it
        assert counts[id] == np.count_nonzero(np.array(from_it) & (neuron.feature == ref.feature))


def test_sources_of_central_examples(atlas):
    ids = np.array([3, 0, 9])
    refs = [atlas.feature_ref(int(id)) for id in ids]
    expected = [
        source_names(atlas, atlas.neuron(ref.of), np.array([atlas.features["central"][id]]))[0]
        for ref, id in zip(refs, ids, strict=True)
    ]
    assert central_sources(atlas, ids) == expected


def test_atlas_without_sources(tiny_atlas, tmp_path):
    old = Atlas.open(without_documents(copy_atlas(tiny_atlas, tmp_path / "old")))
    neuron = old.neuron(NeuronRef(0, 0))
    assert source_names(old, neuron, np.arange(3)) is None
    assert spread(old, neuron, np.arange(3)) is None
    assert central_sources(old, np.arange(3)) is None


def test_long_names_keep_both_ends():
    assert short_source("torch.nn:Linear") == "torch.nn:Linear"
    short = short_source("package" + ".module" * 20 + ":Class.method", 40)
    assert len(short) == 40
    assert short.startswith("package.")
    assert short.endswith(".module:Class.method")


def test_invisible_characters_of_a_name_are_shown():
    assert short_source("a\u202eb\n") == "a[U+202E]b⏎"
