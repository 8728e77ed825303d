"""A trail in words: what can be compared, where the concept is first met, where it splits and where it merges."""

from ne_core.atlas import Atlas
from ne_core.method.comparable import Verdict
from ne_core.queries.comparable_text import compared_words, layers_phrase
from ne_core.queries.trail import Trail
from pages.components.text.labels import label

MOST = 3  # splits and merges that are listed one by one
ONE_LAYER = "This atlas has one layer, so a trail has nowhere to go."


def sentences(atlas: Atlas, trail: Trail, layer: int) -> list[str]:
    """One sentence for each thing to say of the trail of a feature of this layer, as plain text."""
    if len(atlas.layers) == 1:
        return [ONE_LAYER]
    verdicts = {other: trail.verdicts(layer, other) for other in atlas.layers}
    turned = ((trail.splits, "splits"), (trail.merges, "merges"))
    return [
        " ".join(compared_words(atlas.manifest, layer, verdicts, trail.least)),
        spread(atlas, trail, layer, [other for other, is_ in verdicts.items() if is_ == Verdict.COMPARABLE]),
        *(line for nodes, verb in turned for line in turns(atlas, trail, nodes, verb)),
    ]


def spread(atlas: Atlas, trail: Trail, layer: int, comparable: list[int]) -> str:
    """Where it begins and ends, of the layers that can be compared with its own."""
    compared = sorted({layer, *comparable})
    if compared == [layer]:
        return "So nothing is said of where else the feature appears, splits or merges."
    met = [each for each in trail.layers if each in compared]
    those = "" if compared == list(atlas.layers) else f"of {layers_phrase(atlas.manifest, compared)}: "
    if met == [layer]:
        others = layers_phrase(atlas.manifest, [each for each in compared if each != layer], "or")
        return f"No feature of {others} has a cosine of {trail.least:g} or more with this one."
    first, last = met[0], met[-1]
    begins = "it is there from the first on" if first == compared[0] else f"it first appears in layer {first}"
    begins += f" ({name(atlas, trail, trail.nodes_of(first)[0])})"
    ends = "goes on to the last" if last == compared[-1] else f"is last seen in layer {last}"
    gaps = [each for each in compared if first < each < last and each not in met]
    without = f" Not met in {layers_phrase(atlas.manifest, gaps)}." if gaps else ""
    return sentence(f"{those}{begins} and {ends}.{without}")


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def turns(atlas: Atlas, trail: Trail, nodes: dict[int, int], verb: str) -> list[str]:
    """Where it splits or merges, in the order of the layers."""
    way = "goes on in" if verb == "splits" else "comes together from"
    lines = [
        f"It {verb} at {name(atlas, trail, place)}, layer {trail.layer[place]}, which {way} {count} groups."
        for place, count in sorted(nodes.items())
    ]
    more = len(lines) - MOST
    return [*lines[:MOST], f"It {verb} at {more} more."] if more > 0 else lines


def name(atlas: Atlas, trail: Trail, place: int) -> str:
    id = int(trail.ids[place])
    return f"{atlas.feature_ref(id)} {label(atlas, id)}"


def links_of(trail: Trail, place: int) -> str:
    """How a node stands in the trail, for a row of the list and for those who do not see the picture."""
    before, after = trail.n_links[:, place].tolist()
    parts = [f"linked to {before} before and {after} after"]
    parts += [f"splits into {trail.splits[place]} groups"] if place in trail.splits else []
    parts += [f"merges {trail.merges[place]} groups"] if place in trail.merges else []
    return ", ".join(parts)
