"""Sentences about the comparability of layers."""

import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.manifest import Manifest
from ne_core.method.comparable import Verdict
from ne_core.queries.comparable_text import compared_words, one_apart
from ne_core.text.phrases import listed

ALL = dict.fromkeys(range(4), Verdict.COMPARABLE)


@pytest.fixture(scope="module")
def plain(tiny_atlas) -> Manifest:
    """Manifest of an atlas whose layers have no names."""
    manifest = Atlas.open(tiny_atlas).manifest
    assert manifest.layer_names is None
    return manifest


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Layer 1 can be compared with layers 0, 2 and 3 in this space."),
        (
            {0: Verdict.CHANCE},
            "Not with layer 0: features find no better matches in each other than random features do.",
        ),
        ({2: Verdict.BOUND, 3: Verdict.BOUND}, "Not with layers 2 or 3 at a cosine of 0.2: random features reach that"),
        ({3: Verdict.FEW}, "Not with layer 3: fewer than 20 features are too few to tell."),
        ({1: Verdict.CHANCE}, "Within the layer, too, features find no better matches than random ones."),
        (dict.fromkeys((0, 2, 3), Verdict.CHANCE), "Layer 1 can be compared with no other layer in this space."),
    ],
)
def test_sentences_about_one_layer(changes, words, plain):
    assert words in " ".join(compared_words(plain, 1, ALL | changes, 0.2))


def test_atlas_of_one_layer_needs_no_sentence(plain):
    assert compared_words(plain, 1, {1: Verdict.COMPARABLE}) == []


def test_layer_that_cannot_be_compared(plain):
    assert one_apart(plain, 0, [1, 2]).startswith("Layer 0 cannot be compared with layers 1 or 2 here: ")
    assert one_apart(plain, 0, [0, 1]).startswith("Layer 0 cannot be compared with layer 1 or itself here: ")
    assert one_apart(plain, 0, [0]).startswith("Layer 0 cannot be compared with itself here: ")
    assert listed(["a", "b", "c"], "and") == "a, b and c"
