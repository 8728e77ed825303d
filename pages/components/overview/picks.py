"""The rule that picked the neurons of Overview, in words, and the further picks as cards."""

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.numbers import fixed
from ne_core.queries.one_idea import APART, LEAST, MOST_SHARE, WORDS, Pick, tight
from pages.components.cached.starts import FirstLook
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


def rule(atlas: Atlas, look: FirstLook) -> str:
    """The rule of the picks in one paragraph."""
    words = atlas.manifest.vocabulary
    parts = f"{conditions(atlas)} {chance(atlas)}"
    if look.by_class:
        return f"No feature of this atlas qualifies, so the picks are examples of each class, listed below. {parts}"
    n, rest = look.n_several, len(look.picks) - look.n_several
    order = f"First the {words.units} with two such features or more ({n} here), then those with one ({rest})"
    return f"{parts} {order}, the tightest first, at most some from each layer."


def conditions(atlas: Atlas) -> str:
    different = (
        ""
        if atlas.manifest.images
        else f" in which no word is the key token of more than {MOST_SHARE:.0%} and at least {WORDS:.0%} of the key "
        "tokens are whole words,"
    )
    return (
        f"Picked: features of {LEAST} examples or more{different} with a mean distance within of at most "
        f"{fixed(tight(atlas))} (half of the atlas’s features of that size), and {APART:g} times as far from the "
        f"{atlas.manifest.vocabulary.unit}’s other features of that size."
    )


def chance(atlas: Atlas) -> str:
    """The comparison with random directions in words."""
    facts, unit = atlas.manifest.rarefied, atlas.manifest.vocabulary.unit
    if facts is None:
        return "This atlas has no random directions, so chance is left out."
    return (
        f"The {unit}’s mean distance is below that of two thirds of random directions of its layer, where it has the "
        f"{facts.examples} examples to compare."
    )
