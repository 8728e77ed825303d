"""Neurons that fire at the picked tokens, each with its assigned feature, and links that explain or remove it."""

import numpy as np
import streamlit as st
from jaxtyping import Int

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_mark, ref_name
from ne_core.live.answers import Firings, TextRead
from ne_core.live.requests import Removal
from ne_core.method.classes import CLASSES, NAMES
from pages.components.prompt.picked import feature_of, neuron_of
from pages.components.url import links
from pages.components.url.prompt_view import View, removal_of
from pages.components.widgets.choices import one_of
from pages.components.widgets.features import feature_row, feature_rows

SHOWN, MOST = 12, 60  # rows at first, and after “Show all”; the export has all


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
    """Row of a feature with its central example, or of a neuron without features."""
    fired = read.fired
    ref, neuron, share = feature_of(fired, entry), neuron_of(fired, entry), float(fired.share[entry])
    token = atlas.visible_tokens[int(read.tokens[fired.pos[entry]])]
    meta = f"{share:.0%} at “{token}”" if view.pos is None else f"{share:.0%}"
    shown = {"meta": meta, "share": min(1.0, share), "also": further_links(atlas, view, fired, entry)}
    if ref is None:
        name, href = ref_name(atlas.manifest, neuron), links.neuron_href(atlas, neuron)
        return PLAIN | {
            "name": name,
            "href": href,
            "why": "No feature assigned: the atlas holds no inputs, or this neuron has no examples.",
            **shown,
        }
    return feature_row(atlas, atlas.feature_id(ref), named=True, why=distance_words(fired, entry), **shown)


PLAIN = {"number": None, "colour": None, "label": [], "context": [], "has_others": False, "line": None, "maximum": 1,
         "current": False}  # fmt: skip


def distance_words(fired: Firings, entry: int) -> str:
    distance, margin = float(fired.distance[entry]), float(fired.margin[entry])
    if fired.unlike[entry]:
        limit = float(fired.limit[entry])
        return f"Unlike this feature’s examples: distance {distance:.2f}, limit {limit:.2f}"
    second = "the neuron’s only feature" if np.isnan(margin) else f"the second nearest feature is {margin:.2f} farther"
    few = "; too few examples to know what is unlike them" if np.isinf(fired.limit[entry]) else ""
    return f"Distance {distance:.2f}; {second}{few}"


def further_links(atlas: Atlas, view: View, fired: Firings, entry: int) -> list[tuple[str, str]]:
    """Links to an explanation of the neuron at this token, and to the text without the meaning or the neuron."""
    ref, neuron, at_token = feature_of(fired, entry), neuron_of(fired, entry), view.to(pos=int(fired.pos[entry]))
    texts = [("Why here", at_token.to(why=neuron).href(atlas))]
    if ref is not None:
        texts.append(("Remove the meaning", at_token.without(removal_of(ref)).href(atlas)))
    return [*texts, ("Remove the neuron", at_token.without(Removal(neuron.layer, neuron.neuron)).href(atlas))]


def caption(atlas: Atlas, n: int, read: TextRead) -> str:
    words = atlas.manifest.vocabulary
    first = f"The first {MOST} of {n:,} features" if n > MOST else f"{n:,} feature{'s' * (n != 1)}"
    n_read = len(read.fired)
    limited = (
        "" if read.n_fired <= n_read else f" Only the strongest {n_read:,} of {read.n_fired:,} firings are included."
    )
    return (
        f"{first}, by activation in percent of the {words.unit}’s maximum. A {words.unit} that fires is assigned to "
        "the feature whose examples are nearest, by mean cosine distance between their embeddings and this one. "
        f"“Unlike this feature’s examples”: the distance is above a limit that one "
        f"new example of it in twenty exceeds.{limited}"
    )
