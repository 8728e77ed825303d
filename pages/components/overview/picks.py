"""The rule that picked the neurons of Overview, in words, and the further picks as cards."""

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.numbers import fixed
from ne_core.queries.one_idea import APART, LEAST, MOST_SHARE, MOSTLY, WORDS, Pick, layer_limit
from pages.components.cached.starts import PICKS, FirstLook
from pages.components.overview.drawn_neuron import central_images, shown_features
from pages.components.overview.tiles import tile, tiles
from pages.components.text.labels import label
from pages.components.url.links import neuron_href

NAMED = 2  # features named on a card


def cards(atlas: Atlas, picks: list[Pick]) -> None:
    tiles([card(atlas, pick) for pick in picks], name="picks", label="Further picks of the same rule")


def card(atlas: Atlas, pick: Pick) -> dict:
    """A picked neuron: its name, and its features that the rule picked, or the largest ones."""
    ids, neuron = atlas.feature_ids(pick.ref), atlas.neuron(pick.ref)
    shown = (pick.features or shown_features(atlas, pick.ref, ()))[:NAMED]
    return tile(
        ref_name(atlas.manifest, pick.ref),
        neuron_href(atlas, pick.ref),
        names=[label(atlas, ids[i]).data() for i in shown],
        images=[image for i in shown for image in central_images(atlas, neuron, i, 3)],
    )


def rule_in_short(atlas: Atlas, look: FirstLook) -> str:
    """The rule of the picks in a sentence."""
    if look.by_class:
        return "No feature here counts, so these show the classes below."
    return (
        "Picked by a rule: features of examples that are near each other and far from the "
        f"{atlas.manifest.vocabulary.unit}’s other features."
    )


def rule(atlas: Atlas, look: FirstLook) -> str:
    """The rule of the picks in one paragraph."""
    return " ".join(filter(None, (conditions(atlas, look.tight), chance(atlas), order(atlas, look))))


def order(atlas: Atlas, look: FirstLook) -> str:
    """The order of the picks in words, with the number of those that qualify; empty if none does."""
    units, rest = atlas.manifest.vocabulary.units, len(look.picks) - look.n_several
    if look.by_class:
        return ""
    return (
        f"First come {units} with two such features or more ({look.n_several} here), then those with one ({rest}); "
        f"among them those that have {MOSTLY:.0%} of their examples in such features, then the best separated, at most "
        f"{layer_limit(PICKS, len(atlas.layers))} of a layer."
    )


def conditions(atlas: Atlas, tight: float) -> str:
    """The conditions on a feature in words."""
    unit = atlas.manifest.vocabulary.unit
    words = (
        f"no word is the key token of more than {MOST_SHARE:.0%} of them, at least {WORDS:.0%} of the key tokens are "
        "whole words, "
    )
    return (
        f"How they are picked: a feature counts if it has at least {LEAST} examples, "
        f"{'' if atlas.manifest.images else words}its examples are near each other (mean distance at most "
        f"{fixed(tight)}, the median of this atlas’s features of that size) and at least {APART:g} times as far "
        f"from the {unit}’s other features of that size."
    )


def chance(atlas: Atlas) -> str:
    """The comparison with random directions in words."""
    facts, words = atlas.manifest.rarefied, atlas.manifest.vocabulary
    if facts is None:
        return "Chance is left out: this atlas has no random directions."
    return (
        f"The {words.unit}’s own mean distance is below that of two thirds of the random directions of its layer; "
        f"{words.units} with fewer than {facts.examples} examples cannot be compared and pass."
    )
