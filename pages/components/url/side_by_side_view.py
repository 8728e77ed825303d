"""Which two features stand side by side, as a URL."""

import contextlib
import re
from dataclasses import dataclass

from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef
from pages.components.url import links, location
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import Wrong, named

LONGEST = 200  # characters of what is typed; no name has so many, and what is none is shown with what is wrong
SPELLED = re.compile(r"L?([0-9]{1,6})[ .]+N?([0-9]{1,9})[ .]+F?([0-9]{1,6})", re.ASCII | re.IGNORECASE)
SIDES = ("a", "b")


def checked(atlas: Atlas, text: str) -> FeatureRef:
    """The feature of this name. Raises Wrong, whose text says what would have worked."""
    found, unit = SPELLED.fullmatch(text.strip()), atlas.manifest.vocabulary.unit
    if not found:
        raise Wrong(f"a feature is named by its layer, {unit} and feature, such as 3.17.2 or L3 N17 F2")
    ref = FeatureRef(*map(int, found.groups()))
    if ref.layer not in atlas.layers:
        raise Wrong(f"this atlas has {location.numbers(atlas.layers, 'layer')}")
    neurons = range(atlas.n_neurons(ref.layer))
    if ref.neuron not in neurons:
        raise Wrong(f"layer {ref.layer} has {location.numbers(neurons, unit)}")
    features = range(len(atlas.feature_ids(ref.of)))
    if not features:
        raise Wrong(f"{unit} {ref.of} is dead, it has no features: Ranking lists those that have some")
    if ref.feature not in features:
        raise Wrong(f"{unit} {ref.of} has {location.numbers(features, 'feature')} at the atlas’s cut")
    return ref


def side(examples: tuple[str, ...], **more):
    return named(lambda c, text: checked(c.atlas, text), spell=lambda ref: ref.dotted, examples=examples, **more)


def another(c: Context, b: FeatureRef | None) -> FeatureRef | None:
    if b is None or b != c.a:
        return b
    c.at.wrong("b", f"that is the same feature as a: name another one, such as {other_than(c.atlas, b).dotted}")
    return None


def other_than(atlas: Atlas, ref: FeatureRef) -> FeatureRef:
    """The feature most similar to one; in an atlas without similar features, itself."""
    near = atlas.similar(ref, atlas.manifest.default_space)
    return near[0][0] if near else ref


@dataclass(frozen=True)
class View(Addressed, page="side_by_side"):
    """Two features of the atlas's cut; None where the URL names none that there is."""

    a: FeatureRef | None = side(("0.0.0", "L0 N2 F1"))
    b: FeatureRef | None = side(("2.0.0", "0 2 1"), final=another)

    @property
    def swapped(self) -> "View":
        return View(self.b, self.a)


def typed(atlas: Atlas, at: location.Location, side: str, text: object) -> dict[str, str]:
    """The URL after a feature was typed; what names none goes there as it is, for the page to say what is wrong.

    A client that is no browser may say a number, or nothing.
    """
    text = text.strip()[:LONGEST] if isinstance(text, str) else ""
    with contextlib.suppress(Wrong):
        text = checked(atlas, text).dotted
    query = {each: at.asked[each] for each in SIDES if each in at.asked} | {side: text}
    return links.atlas_query(atlas, {each: query[each] for each in SIDES if query.get(each)})
