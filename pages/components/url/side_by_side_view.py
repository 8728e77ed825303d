"""The view of the page Side by side, as a URL: two features."""

import contextlib
import re
from dataclasses import dataclass

from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef
from pages.components.url import links, location
from pages.components.url.declared import Addressed, Context
from pages.components.url.fields import InvalidValue, named

LONGEST = 200  # characters of a typed text, valid or not, that the URL keeps
SPELLED = re.compile(r"L?([0-9]{1,6})[ .]+N?([0-9]{1,9})[ .]+F?([0-9]{1,6})", re.ASCII | re.IGNORECASE)
NEURON = re.compile(r"L([0-9]{1,6})[ .]*N([0-9]{1,9})", re.ASCII | re.IGNORECASE)  # 0.1 may be an unfinished 0.1.2
SIDES = ("a", "b")


def checked(atlas: Atlas, text: str) -> FeatureRef:
    """Read the name of a feature, or of a neuron for its largest feature. Raises InvalidValue, with the valid names."""
    text, unit = text.strip(), atlas.manifest.vocabulary.unit
    match = SPELLED.fullmatch(text) or NEURON.fullmatch(text)
    if not match:
        raise InvalidValue(f"a feature is named by its layer, {unit} and feature, such as 3.17.2 or L3 N17 F2")
    ref = FeatureRef(*map(int, match.groups()), *[0] * (3 - len(match.groups())))
    if ref.layer not in atlas.layers:
        raise InvalidValue(f"this atlas has {location.numbers(atlas.layers, 'layer')}")
    neurons = range(atlas.n_neurons(ref.layer))
    if ref.neuron not in neurons:
        raise InvalidValue(f"layer {ref.layer} has {location.numbers(neurons, unit)}")
    features = range(len(atlas.feature_ids(ref.of)))
    if not features:
        raise InvalidValue(f"{unit} {ref.of} is dead and has no features: choose one with features on the page Ranking")
    if ref.feature not in features:
        raise InvalidValue(f"{unit} {ref.of} has {location.numbers(features, 'feature')} at the atlas’s cut")
    return ref


def side(examples: tuple[str, ...], **options):
    return named(lambda c, text: checked(c.atlas, text), spell=lambda ref: ref.dotted, examples=examples, **options)


def another(c: Context, b: FeatureRef | None) -> FeatureRef | None:
    if b is None or b != c.a:
        return b
    c.request.add_problem("b", f"the same feature as a: choose another, such as {other_than(c.atlas, b).dotted}")
    return None


def other_than(atlas: Atlas, ref: FeatureRef) -> FeatureRef:
    """Feature most similar to `ref`; `ref` itself in an atlas without similar features."""
    near = atlas.similar(ref, atlas.manifest.default_space)
    return near[0][0] if near else ref


@dataclass(frozen=True)
class View(Addressed, page="side_by_side"):
    """Two features of the atlas's cut; None where the URL names no existing feature."""

    a: FeatureRef | None = side(("0.0.0", "L0 N2 F1", "L0 N2"))
    b: FeatureRef | None = side(("2.0.0", "0 2 1"), final=another)

    @property
    def swapped(self) -> "View":
        return View(self.b, self.a)


def typed(atlas: Atlas, request: location.Location, side: str, text: object) -> dict[str, str]:
    """Query after a feature was typed; an invalid name is passed on, so that the page reports it.

    A client that is not a browser may send a number, or nothing.
    """
    text = text.strip()[:LONGEST] if isinstance(text, str) else ""
    with contextlib.suppress(InvalidValue):
        text = checked(atlas, text).dotted
    query = {each: request.query[each] for each in SIDES if each in request.query} | {side: text}
    return links.atlas_query(atlas, {each: query[each] for each in SIDES if query.get(each)})
