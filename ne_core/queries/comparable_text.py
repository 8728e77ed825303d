"""Sentences about the comparability of layers, for pages and files."""

from collections.abc import Sequence

from ne_core.atlas.manifest import Manifest
from ne_core.atlas.names import embeddings_formula, layer_mark
from ne_core.method.comparable import FEWEST, MEANINGLESS, Verdict
from ne_core.queries.layer_pairs import LayerPairs
from ne_core.text.phrases import listed

RULE = (
    "Two layers can be compared when at least half of the features of each find a better match in the other than 95 % "
    "of random features do, which are mixtures of the layer’s features; by chance it is 5 %."
)
MOST = 3  # layers listed in a summary
NO_BETTER = "features find no better matches in each other than random features do"


def layers_phrase(manifest: Manifest, layers: Sequence[int], joined: str = "and") -> str:
    """List layers by number or name: “layer 1”, “layers 1, 2 and 3”."""
    return f"layer{'s' * (len(layers) > 1)} {listed([layer_mark(manifest, layer) for layer in layers], joined)}"


def compared_words(
    manifest: Manifest, layer: int, verdicts: dict[int, Verdict], least: float | None = None
) -> list[str]:
    """Describe the layers that one can be compared with, and those it cannot and why; empty for an atlas of one layer.

    `least` is the minimum cosine, required if there are Verdict.BOUND layers.
    """
    if len(verdicts) == 1:
        return []
    by = {
        kind: [other for other, verdict in verdicts.items() if verdict == kind and other != layer] for kind in Verdict
    }
    good = by[Verdict.COMPARABLE]
    name, others = layers_phrase(manifest, [layer]), layers_phrase(manifest, good) if good else "no other layer"
    lines = [f"{name[:1].upper()}{name[1:]} can be compared with {others} in this space."]
    if chance := by[Verdict.CHANCE]:
        lines.append(f"Not with {layers_phrase(manifest, chance, 'or')}: {NO_BETTER}.")
    if bound := by[Verdict.BOUND]:
        why = f"at a cosine of {least:g}: random features reach that more than half as often as features do."
        lines.append(f"Not with {layers_phrase(manifest, bound, 'or')} {why}")
    if few := by[Verdict.FEW]:
        lines.append(
            f"Not with {layers_phrase(manifest, few, 'or')}: fewer than {FEWEST} features are too few to tell."
        )
    if verdicts[layer] == Verdict.CHANCE:
        lines.append("Within the layer, too, features find no better matches than random ones.")
    return lines


def similar_words(pairs: LayerPairs, layer: int) -> str:
    """Warn about layers that a layer's features cannot be compared with; empty if it can be compared with all."""
    verdicts = pairs.verdicts(layer)
    if set(verdicts.values()) == {Verdict.COMPARABLE}:
        return ""
    return " ".join(compared_words(pairs.atlas.manifest, layer, verdicts))


def pair_words(pairs: LayerPairs, layer: int, other: int) -> str:
    """Warn that two layers cannot be compared; empty if they can."""
    verdict, both = pairs.verdict(layer, other), sorted({layer, other})
    if verdict == Verdict.COMPARABLE:
        return ""
    manifest = pairs.atlas.manifest
    names, kind = layers_phrase(manifest, both), embeddings_formula(manifest, pairs.space)
    if verdict == Verdict.FEW:
        return f"The meaning of cosines of {kind} is unknown: too few features in {names}."
    return f"Cosines of {kind} mean nothing {'within' if len(both) == 1 else 'between'} {names}: {NO_BETTER}."


def summary_words(pairs: LayerPairs) -> str:
    """List the layers of the atlas that cannot be compared with each other; empty if all can."""
    atlas, lines = pairs.atlas, []
    apart = {layer: [other for other in atlas.layers if unlike(pairs, layer, other)] for layer in atlas.layers}
    while any(apart.values()):
        layer = max(apart, key=lambda each: (len(apart[each]), -each))
        others = apart.pop(layer)
        lines.append(one_apart(atlas.manifest, layer, others))
        apart = {each: [other for other in rest if other != layer] for each, rest in apart.items()}
    rest = [f"{len(lines) - MOST} more cannot be compared with all."] if len(lines) > MOST else []
    return " ".join([*lines[:MOST], *rest])


def unlike(pairs: LayerPairs, layer: int, other: int) -> bool:
    """Return whether the two layers cannot be compared."""
    return pairs.verdict(layer, other) in MEANINGLESS


def one_apart(manifest: Manifest, layer: int, others: list[int]) -> str:
    """A sentence: the layers that one layer cannot be compared with."""
    name = layers_phrase(manifest, [layer])
    itself = ["itself"] * (layer in others)
    rest = [layers_phrase(manifest, [other for other in others if other != layer], "or")] if others != [layer] else []
    return f"{name[:1].upper()}{name[1:]} cannot be compared with {listed([*rest, *itself])} here: {NO_BETTER}."
