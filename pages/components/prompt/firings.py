"""The neurons that fire at the pick, each with the feature it is assigned to, and what can be asked of it."""

import numpy as np
import streamlit as st
from jaxtyping import Int

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_mark, ref_name
from ne_core.live.answers import Fired, TextRead
from ne_core.live.requests import Removal
from ne_core.method.classes import CLASSES, NAMES
from pages.components.prompt.picked import feature_of, neuron_of
from pages.components.url import links
from pages.components.url.prompt_view import View, removal_of
from pages.components.widgets.choices import one_of
from pages.components.widgets.features import feature_row, feature_rows

SHOWN, MOST = 12, 60  # at first, and after “Show all”; the export has every one


def filters(atlas: Atlas, view: View) -> None:
    def layer(picked: object) -> dict[str, str]:
        return view.to(layer=picked).query(atlas)

    def kind(picked: object) -> dict[str, str]:
        return view.to(kind=picked).query(atlas)

    unit = atlas.manifest.vocabulary.Unit
    with st.container(horizontal=True, gap="small"):
        one_of(
            "_prompt_layer",
            "Layer",
            list(atlas.layers),
            lambda each: layer_mark(atlas.manifest, each),
            view.layer,
            160,
            layer,
        )
        one_of("_prompt_kind", f"{unit}’s class", list(CLASSES[1:]), NAMES.get, view.kind, 200, kind)


def show_firings(atlas: Atlas, view: View, read: TextRead, entries: Int[np.ndarray, " k"]) -> None:
    units = atlas.manifest.vocabulary.units
    if not len(entries):
        st.markdown(f"**No {units} fire here** at {view.share} % of their maximum or above. Lower the share, or pick "
                    "another token.")  # fmt: skip
        return
    rows = [row(atlas, view, read, int(entry)) for entry in entries[:MOST]]
    feature_rows(rows, atlas=atlas, name="firings", label="Features that fire", n_visible=SHOWN)
    st.caption(caption(atlas, len(entries), read))


def row(atlas: Atlas, view: View, read: TextRead, entry: int) -> dict:
    """A feature with its central example; or a neuron alone, where it has no features."""
    fired = read.fired
    ref, neuron, share = feature_of(fired, entry), neuron_of(fired, entry), float(fired.share[entry])
    token = atlas.visible_tokens[int(read.tokens[fired.pos[entry]])]
    meta = f"{share:.0%} at “{token}”" if view.pos is None else f"{share:.0%}"
    shown = {"meta": meta, "share": min(1.0, share), "also": further_links(atlas, view, fired, entry)}
    if ref is None:
        name, href = ref_name(atlas.manifest, neuron), links.neuron_href(atlas, neuron)
        return PLAIN | {"name": name, "href": href, "why": "Its features cannot be told apart here.", **shown}
    return feature_row(atlas, atlas.feature_id(ref), named=True, why=how_clearly(fired, entry), **shown)


PLAIN = {"number": None, "colour": None, "label": [], "context": [], "has_others": False, "line": None, "maximum": 1,
         "current": False}  # fmt: skip


def how_clearly(fired: Fired, entry: int) -> str:
    distance, margin = float(fired.distance[entry]), float(fired.margin[entry])
    if fired.unlike[entry]:
        return f"Unlike anything seen: distance {distance:.2f}, above {float(fired.limit[entry]):.2f}"
    second = "its only feature" if np.isnan(margin) else f"the next feature is {margin:.2f} further"
    few = "; too few examples to know what is unlike them" if np.isinf(fired.limit[entry]) else ""
    return f"Distance {distance:.2f}; {second}{few}"


def further_links(atlas: Atlas, view: View, fired: Fired, entry: int) -> list[tuple[str, str]]:
    """Links that put further requests to the model, about this token."""
    ref, neuron, here = feature_of(fired, entry), neuron_of(fired, entry), view.to(pos=int(fired.pos[entry]))
    more = [("Why here", here.to(why=neuron).href(atlas))]
    if ref is not None:
        more.append(("Take the meaning out", here.without(removal_of(ref)).href(atlas)))
    return [*more, ("Take the neuron out", here.without(Removal(neuron.layer, neuron.neuron)).href(atlas))]


def caption(atlas: Atlas, n: int, read: TextRead) -> str:
    words = atlas.manifest.vocabulary
    first = f"The first {MOST} of {n:,} features" if n > MOST else f"{n:,} feature{'s' * (n != 1)}"
    listed = "" if read.n_fired <= len(read.fired) else f" Of {read.n_fired:,} firings the strongest are listed."
    return (
        f"{first}, by share of the {words.unit}’s maximum in the atlas. A firing is assigned to the feature whose "
        f"examples are nearest on average (cosine distance of embeddings). It is unlike anything seen when that "
        f"distance is above a limit that one in twenty new examples of the feature would exceed.{listed}"
    )
