"""The view of the page Side by side, as a URL: two features, each with its embedding and cut."""

import contextlib
import re
from dataclasses import dataclass

from ne_core.atlas import Atlas
from ne_core.queries.in_embedding import cut_in
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.cached.in_embedding import embedded
from pages.components.url import atlas_fields, links, location
from pages.components.url.declared import Addressed, Context
from pages.components.url.embedding_field import embedding
from pages.components.url.fields import InvalidValue, named

LONGEST = 200  # characters of a typed text, valid or not, that the URL keeps
SPELLED = re.compile(r"L?([0-9]{1,6})[ .]+N?([0-9]{1,9})[ .]+F?([0-9]{1,6})", re.ASCII | re.IGNORECASE)
NEURON = re.compile(r"L([0-9]{1,6})[ .]*N([0-9]{1,9})", re.ASCII | re.IGNORECASE)  # 0.1 may be an unfinished 0.1.2
SIDES = ("a", "b")
OF_SIDE = ("embedding", "cut")  # parameters of each side, followed by _a or _b


@dataclass(frozen=True)
class Side:
    """A feature, and the embedding (None: the atlas's) and the cut (None: the default) in which it is numbered."""

    ref: FeatureRef
    embedding: str | None = None
    cut: float | None = None


def spelled_ref(text: str) -> FeatureRef | None:
    """Feature that a text names, feature 0 for a neuron; None for another text. It may not exist."""
    match = SPELLED.fullmatch(text) or NEURON.fullmatch(text)
    return match and FeatureRef(*map(int, match.groups()), *[0] * (3 - len(match.groups())))


def checked_neuron(atlas: Atlas, text: str) -> FeatureRef:
    """Read the name of a feature of an existing neuron. Raises InvalidValue, with the valid names."""
    unit, ref = atlas.manifest.vocabulary.unit, spelled_ref(text)
    if ref is None:
        raise InvalidValue(f"a feature is named by its layer, {unit} and feature, such as 3.17.2 or L3 N17 F2")
    if ref.layer not in atlas.layers:
        raise InvalidValue(f"this atlas has {location.numbers(atlas.layers, 'layer')}")
    neurons = range(atlas.n_neurons(ref.layer))
    if ref.neuron not in neurons:
        raise InvalidValue(f"layer {ref.layer} has {location.numbers(neurons, unit)}")
    return ref


def checked(atlas: Atlas, text: str, embedding: str | None = None, cut: float | None = None) -> FeatureRef:
    """Read the name of a feature, or of a neuron for its largest one. Raises InvalidValue, with the valid names."""
    ref, unit = checked_neuron(atlas, text.strip()), atlas.manifest.vocabulary.unit
    if not len(atlas.feature_ids(ref.of)):
        raise InvalidValue(f"{unit} {ref.of} is dead and has no features: choose one with features on the page Ranking")
    neuron = embedded(atlas, ref.of, embedding)
    cut = neuron.default_cut if cut is None else cut
    features = range(int(neuron.features(cut).max()) + 1)
    if ref.feature not in features:
        where = "the atlas’s cut" if atlas.lists(neuron, cut) else f"cut {cut:g} of the embedding {neuron.embedding}"
        raise InvalidValue(f"{unit} {ref.of} has {location.numbers(features, 'feature')} at {where}")
    return ref


def side(name: str, examples: tuple[str, ...], **options):
    def parse(c: Context, text: str) -> FeatureRef:
        return checked(c.atlas, text, *(getattr(c, f"{part}_{name}") for part in OF_SIDE))

    return named(parse, spell=lambda ref: ref.dotted, examples=examples, **options)


def neuron_of(c: Context, side: str) -> NeuronRef | None:
    """Neuron that the URL names on a side; None where it does not exist, which the side's own check reports."""
    with contextlib.suppress(InvalidValue):
        return checked_neuron(c.atlas, c.request.query.get(side, "").strip()).of
    return None


def embedding_of(side: str):
    return embedding(lambda c: neuron_of(c, side))


def cut_of(side: str):
    def usual(c: Context) -> float:
        return cut_in(c.atlas.manifest, getattr(c, f"embedding_{side}"))

    return atlas_fields.cut("the default", usual)


def another(c: Context, b: FeatureRef | None) -> FeatureRef | None:
    same = b is not None and b == c.a and all(getattr(c, f"{part}_a") == getattr(c, f"{part}_b") for part in OF_SIDE)
    if not same:
        return b
    listed = c.atlas.lists(embedded(c.atlas, b.of, c.embedding_b), c.cut_b)
    other = f"such as {other_than(c.atlas, b).dotted}" if listed else "or another cut or embedding of a side"
    c.request.add_problem("b", f"the same feature as a: choose another, {other}")
    return None


def other_than(atlas: Atlas, ref: FeatureRef) -> FeatureRef:
    """Feature most similar to `ref`; `ref` itself in an atlas without similar features."""
    near = atlas.similar(ref, atlas.manifest.default_space)
    return near[0][0] if near else ref


@dataclass(frozen=True)
class View(Addressed, page="side_by_side"):
    """Two features, None where the URL names no existing one; by default of the atlas's embedding and cut."""

    a: FeatureRef | None = side("a", ("0.0.0", "L0 N2 F1", "L0 N2"))
    b: FeatureRef | None = side("b", ("2.0.0", "0 2 1"), final=another)
    embedding_a: str | None = embedding_of("a")
    cut_a: float | None = cut_of("a")
    embedding_b: str | None = embedding_of("b")
    cut_b: float | None = cut_of("b")

    @staticmethod
    def of(a: Side, b: Side) -> "View":
        return View(a.ref, b.ref, embedding_a=a.embedding, cut_a=a.cut, embedding_b=b.embedding, cut_b=b.cut)

    def side(self, name: str) -> Side | None:
        """Feature of a side; None without one."""
        ref = getattr(self, name)
        return ref and Side(ref, *(getattr(self, f"{part}_{name}") for part in OF_SIDE))

    @property
    def swapped(self) -> "View":
        swapped = {
            f"{part}_{name}": getattr(self, f"{part}_{other}") for part in OF_SIDE for name, other in ("ab", "ba")
        }
        return View(self.b, self.a, **swapped)


def typed(atlas: Atlas, request: location.Location, view: View, side: str, text: object) -> dict[str, str]:
    """Query after a feature was typed; an invalid name is passed on, so that the page reports it.

    A client that is not a browser may send a number, or nothing.
    """
    text = text.strip()[:LONGEST] if isinstance(text, str) else ""
    with contextlib.suppress(InvalidValue):
        text = checked(atlas, text, *(getattr(view, f"{part}_{side}") for part in OF_SIDE)).dotted
    names = (*SIDES, *(f"{part}_{name}" for name in SIDES for part in OF_SIDE))
    query = {each: request.query[each] for each in names if each in request.query} | {side: text}
    return links.atlas_query(atlas, {each: query[each] for each in names if query.get(each)})
