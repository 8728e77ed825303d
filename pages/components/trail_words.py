"""A trail in words: where the concept is first met, where it splits and where it merges."""

from ne_core.atlas import Atlas
from ne_core.trail import Trail
from pages.components import location
from pages.components.labels import label

MOST = 3  # splits and merges that are told one by one


def told(atlas: Atlas, trail: Trail) -> list[str]:
    """One sentence for each thing to say, as plain text."""
    turned = ((trail.splits, "splits"), (trail.merges, "merges"))
    return [spread(atlas, trail), *(line for nodes, verb in turned for line in turns(atlas, trail, nodes, verb))]


def spread(atlas: Atlas, trail: Trail) -> str:
    first, last, bound = trail.layers[0], trail.layers[-1], f"{trail.least:g}"
    if len(atlas.layers) == 1:
        return "This atlas has one layer, so a trail has nowhere to go."
    if first == last:
        return f"No feature of another layer has a cosine of {bound} or more with this one: it stays in layer {first}."
    begins = "It is there from the first layer on" if first == atlas.layers[0] else f"It first appears in layer {first}"
    begins += f" ({name(atlas, trail, trail.at(first)[0])})"
    ends = "goes on to the last layer" if last == atlas.layers[-1] else f"is last seen in layer {last}"
    gaps = [layer for layer in atlas.layers if first < layer < last and layer not in trail.layers]
    without = f" Not met in layer{'s' * (len(gaps) > 1)} {location.listed(gaps, 'and')}." if gaps else ""
    return f"{begins} and {ends}.{without}"


def turns(atlas: Atlas, trail: Trail, nodes: dict[int, int], verb: str) -> list[str]:
    """Where it splits or merges, in the order of the layers."""
    way = "goes on in" if verb == "splits" else "comes together from"
    said = [
        f"It {verb} at {name(atlas, trail, place)}, layer {trail.layer[place]}, which {way} {count} groups."
        for place, count in sorted(nodes.items())
    ]
    more = len(said) - MOST
    return [*said[:MOST], f"It {verb} at {more} more."] if more > 0 else said


def name(atlas: Atlas, trail: Trail, place: int) -> str:
    id = int(trail.ids[place])
    return f"{atlas.feature_ref(id)} {label(atlas, id)}"


def links_of(trail: Trail, place: int) -> str:
    """How a node stands in the trail, for a row of the list and for those who do not see the picture."""
    before, after = trail.n_links[:, place].tolist()
    said = [f"linked to {before} before and {after} after"]
    said += [f"splits into {trail.splits[place]} groups"] if place in trail.splits else []
    said += [f"merges {trail.merges[place]} groups"] if place in trail.merges else []
    return ", ".join(said)
