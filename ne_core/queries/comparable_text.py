"""What cosines between layers are worth, in words: on pages and in files."""

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
MOST = 3  # layers of which a summary says with which they cannot be compared
NO_BETTER = "features find no better matches in each other than random features do"


def named(manifest: Manifest, layers: Sequence[int], joined: str = "and") -> str:
    """“layer 1”, “layers 1, 2 and 3”, or their names."""
    return f"layer{'s' * (len(layers) > 1)} {listed([layer_mark(manifest, layer) for layer in layers], joined)}"


def compared_words(
    manifest: Manifest, layer: int, verdicts: dict[int, Verdict], least: float | None = None
) -> list[str]:
    """With which layers one can be compared, with which not and why: a sentence each. None of an atlas of one layer."""
    if len(verdicts) == 1:
        return []
    by = {kind: [each for each, found in verdicts.items() if found == kind and each != layer] for kind in Verdict}
    good = by[Verdict.COMPARABLE]
    here, others = named(manifest, [layer]), named(manifest, good) if good else "no other layer"
    lines = [f"{here[:1].upper()}{here[1:]} can be compared with {others} in this space."]
    if chance := by[Verdict.CHANCE]:
        lines.append(f"Not with {named(manifest, chance, 'or')}: {NO_BETTER}.")
    if bound := by[Verdict.BOUND]:
        why = f"at a cosine of {least:g}: random features reach that more than half as often as features do."
        lines.append(f"Not with {named(manifest, bound, 'or')} {why}")
    if few := by[Verdict.FEW]:
        lines.append(f"Not with {named(manifest, few, 'or')}: fewer than {FEWEST} features are too few to tell.")
    if verdicts[layer] == Verdict.CHANCE:
        lines.append("Within the layer, too, features find no better matches than random ones.")
    return lines


def similar_words(pairs: LayerPairs, layer: int) -> str:
    """What cosines of a layer's features with others are worth, where less than one would think; else empty."""
    verdicts = pairs.verdicts(layer)
    if set(verdicts.values()) == {Verdict.COMPARABLE}:
        return ""
    return " ".join(compared_words(pairs.atlas.manifest, layer, verdicts))


def pair_words(pairs: LayerPairs, layer: int, other: int) -> str:
    """The same of two layers."""
    found, both = pairs.verdict(layer, other), sorted({layer, other})
    if found == Verdict.COMPARABLE:
        return ""
    manifest = pairs.atlas.manifest
    those, kind = named(manifest, both), embeddings_formula(manifest, pairs.space)
    if found == Verdict.FEW:
        return f"What a cosine as {kind} means cannot be told: too few features in {those}."
    return f"A cosine as {kind} says nothing {'within' if len(both) == 1 else 'between'} {those}: {NO_BETTER}."


def summary_words(pairs: LayerPairs) -> str:
    """Which layers of the atlas cannot be compared with which; empty where all can."""
    atlas, lines = pairs.atlas, []
    apart = {layer: [other for other in atlas.layers if unlike(pairs, layer, other)] for layer in atlas.layers}
    while any(apart.values()):
        layer = max(apart, key=lambda each: (len(apart[each]), -each))
        others = apart.pop(layer)
        lines.append(one_apart(atlas.manifest, layer, others))
        apart = {each: [other for other in rest if other != layer] for each, rest in apart.items()}
    more = [f"{len(lines) - MOST} more cannot be compared with all."] if len(lines) > MOST else []
    return " ".join([*lines[:MOST], *more])


def unlike(pairs: LayerPairs, layer: int, other: int) -> bool:
    return pairs.verdict(layer, other) in MEANINGLESS


def one_apart(manifest: Manifest, layer: int, others: list[int]) -> str:
    here = named(manifest, [layer])
    itself = ["itself"] * (layer in others)
    rest = [named(manifest, [other for other in others if other != layer], "or")] if others != [layer] else []
    return f"{here[:1].upper()}{here[1:]} cannot be compared with {listed([*rest, *itself])} here: {NO_BETTER}."
