"""Which two features stand side by side, as a URL. Read, checked and written here."""

import contextlib
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef
from pages.components.url import links, location

LONGEST = 200  # characters of what is typed; no name has so many, and what is none is shown with what is wrong
SPELLED = re.compile(r"L?([0-9]{1,6})[ .]+N?([0-9]{1,9})[ .]+F?([0-9]{1,6})", re.ASCII | re.IGNORECASE)
SIDES = ("a", "b")


@dataclass(frozen=True)
class View:
    """Two features of the atlas's cut; None where the URL names none that there is."""

    a: FeatureRef | None = None
    b: FeatureRef | None = None

    @property
    def swapped(self) -> "View":
        return View(self.b, self.a)

    def query(self, atlas: Atlas) -> dict[str, str]:
        named = {side: getattr(self, side) for side in SIDES}
        return links.atlas_query(atlas, {side: ref.dotted for side, ref in named.items() if ref})

    def href(self, atlas: Atlas) -> str:
        """The address, from any page."""
        return f"pair?{urlencode(self.query(atlas))}"


def read_view(atlas: Atlas, at: location.Location) -> View:
    view = View(*(read_feature(atlas, at, side) for side in SIDES))
    if view.a and view.a == view.b:
        at.wrong("b", f"that is the same feature as a: name another one, such as {other_than(atlas, view.a).dotted}")
        return View(view.a)
    return view


def read_feature(atlas: Atlas, at: location.Location, side: str) -> FeatureRef | None:
    if side not in at.asked:
        return None
    try:
        return checked(atlas, at.asked[side])
    except ValueError as error:
        at.wrong(side, str(error))
        return None


def checked(atlas: Atlas, text: str) -> FeatureRef:
    """The feature of this name. Raises ValueError, whose text says what would have worked."""
    found, unit = SPELLED.fullmatch(text.strip()), atlas.manifest.vocabulary.unit
    if not found:
        raise ValueError(f"a feature is named by its layer, {unit} and feature, such as 3.17.2 or L3 N17 F2")
    ref = FeatureRef(*map(int, found.groups()))
    if ref.layer not in atlas.layers:
        raise ValueError(f"this atlas has {location.numbers(atlas.layers, 'layer')}")
    neurons = range(atlas.n_neurons(ref.layer))
    if ref.neuron not in neurons:
        raise ValueError(f"layer {ref.layer} has {location.numbers(neurons, unit)}")
    features = range(len(atlas.feature_ids(ref.of)))
    if not features:
        raise ValueError(f"{unit} {ref.of} is dead, it has no features: the board ranks those that have some")
    if ref.feature not in features:
        raise ValueError(f"{unit} {ref.of} has {location.numbers(features, 'feature')} at the atlas’s cut")
    return ref


def typed(atlas: Atlas, at: location.Location, side: str, text: object) -> dict[str, str]:
    """The URL after a feature was typed; what names none goes there as it is, and is told so there.

    A client that is no browser may say a number, or nothing.
    """
    text = text.strip()[:LONGEST] if isinstance(text, str) else ""
    with contextlib.suppress(ValueError):
        text = checked(atlas, text).dotted
    asked = {each: at.asked[each] for each in SIDES if each in at.asked} | {side: text}
    return links.atlas_query(atlas, {each: asked[each] for each in SIDES if asked.get(each)})


def other_than(atlas: Atlas, ref: FeatureRef) -> FeatureRef:
    """The feature most similar to one; in an atlas without similar features, itself."""
    near = atlas.similar(ref, atlas.manifest.default_space)
    return near[0][0] if near else ref
