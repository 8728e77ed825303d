"""Summary of a trail in sentences: comparable layers, first and last appearance, splits and merges."""

from ne_core.atlas import Atlas
from ne_core.method.comparable import Verdict
from ne_core.queries.comparable_text import compared_words, layers_phrase
from ne_core.queries.trail import Trail
from pages.components.text.labels import label

MOST = 3  # splits or merges listed separately
ONE_LAYER = "This atlas has one layer, so there is no trail to other layers."


def sentences(atlas: Atlas, trail: Trail, layer: int) -> list[str]:
    """Summarise the trail of a feature of this layer in sentences, as plain text."""
    if len(atlas.layers) == 1:
        return [ONE_LAYER]
    verdicts = {other: trail.verdicts(layer, other) for other in atlas.layers}
    by_verb = ((trail.splits, "splits"), (trail.merges, "merges"))
    return [
        " ".join(compared_words(atlas.manifest, layer, verdicts, trail.least)),
        spread(atlas, trail, layer, [other for other, verdict in verdicts.items() if verdict == Verdict.COMPARABLE]),
        *(line for nodes, verb in by_verb for line in turns(atlas, trail, nodes, verb)),
    ]


def spread(atlas: Atlas, trail: Trail, layer: int, comparable: list[int]) -> str:
    """Sentence on the first and last layer of the trail among the layers comparable with its own."""
    compared = sorted({layer, *comparable})
    if compared == [layer]:
        return "Where else the feature appears, splits or merges is therefore unknown."
    reached = [each for each in trail.layers if each in compared]
    among = "" if compared == list(atlas.layers) else f"among {layers_phrase(atlas.manifest, compared)}: "
    if reached == [layer]:
        others = layers_phrase(atlas.manifest, [each for each in compared if each != layer], "or")
        return f"No feature of {others} has a cosine of {trail.least:g} or more with this one."
    first, last = reached[0], reached[-1]
    begins = "it is present from the first layer" if first == compared[0] else f"it first appears in layer {first}"
    begins += f" ({name(atlas, trail, trail.nodes_of(first)[0])})"
    ends = "continues to the last layer" if last == compared[-1] else f"last appears in layer {last}"
    gaps = [each for each in compared if first < each < last and each not in reached]
    absent = f" Absent from {layers_phrase(atlas.manifest, gaps)}." if gaps else ""
    return sentence(f"{among}{begins} and {ends}.{absent}")


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def turns(atlas: Atlas, trail: Trail, nodes: dict[int, int], verb: str) -> list[str]:
    """Sentences on the nodes that split or merge, in the order of the layers."""
    preposition = "into" if verb == "splits" else "from"
    lines = [
        f"It {verb} at {name(atlas, trail, node)}, layer {trail.layer[node]}, {preposition} {count} groups."
        for node, count in sorted(nodes.items())
    ]
    n_others = len(lines) - MOST
    return [*lines[:MOST], f"It {verb} at {n_others} more features."] if n_others > 0 else lines


def name(atlas: Atlas, trail: Trail, node: int) -> str:
    id = int(trail.ids[node])
    return f"{atlas.feature_ref(id)} {label(atlas, id)}"


def links_of(trail: Trail, node: int) -> str:
    """Describe the links of a node, for its row in the list and for screen readers."""
    before, after = trail.n_links[:, node].tolist()
    parts = [f"linked features: {before} earlier, {after} later"]
    parts += [f"splits into {trail.splits[node]} groups"] if node in trail.splits else []
    parts += [f"merges {trail.merges[node]} groups"] if node in trail.merges else []
    return ", ".join(parts)
