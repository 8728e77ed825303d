"""Controls of the search: the text, the mode and the filters. Each changes the URL."""

from dataclasses import replace
from functools import partial

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import embeddings_formula, layer_mark
from ne_core.method.classes import CLASSES, NAMES
from ne_core.queries.comparable_text import similar_words
from pages.components.cached.comparable import caution
from pages.components.url import location
from pages.components.url.links import in_space, neuron_href
from pages.components.url.search_view import LARGEST, View
from pages.components.widgets.choices import Query, one_of, search_box, space_of
from pages.components.widgets.features import feature_row, feature_rows


def controls(atlas: Atlas, view: View) -> None:
    search_box(
        atlas,
        "_",
        "Search features",
        view.q,
        view.mode,
        lambda text: view.to(q=text, like=None).query(atlas),
        lambda picked: view.to(mode=picked, like=None).query(atlas),
    )
    if view.has_query:
        filters(atlas, view)


def filters(atlas: Atlas, view: View) -> None:
    """Show the filters; a change of the text keeps them."""

    def query_with(name: str):
        return lambda value: view.to(among=replace(view.among, **{name: value})).query(atlas)

    among, classes = view.among, list(CLASSES[1:])
    st.session_state["_find_least"] = among.least
    with st.container(horizontal=True, gap="small"):
        named = partial(layer_mark, atlas.manifest)
        one_of("_find_layer", "Layer", list(atlas.layers), named, among.layer, 160, query_with("layer"))
        of_class = f"{atlas.manifest.vocabulary.Unit}’s class"
        one_of("_find_kind", of_class, classes, NAMES.get, among.kind, 160, query_with("kind"))
        st.number_input(
            "Examples, at least",
            min_value=1,
            max_value=LARGEST,
            key="_find_least",
            width=160,
            on_change=location.moved("_find_least", query_with("least")),
        )
        if atlas.documents is not None:
            source_box(atlas, among.source, query_with("source"))


def source_box(atlas: Atlas, source: str | None, query: Query) -> None:
    """Draw the filter by source: its beginning, the name of a group or any longer piece."""
    kind = atlas.manifest.documents
    st.session_state["_find_source"] = source
    st.text_input(
        "Source begins with",
        key="_find_source",
        placeholder=f"a {kind}, or more",
        width=200,
        help=f"Features with an example whose source begins with this text: the name of a {kind}, or more of a source "
        "as it stands below the results. Upper and lower case matter.",
        on_change=location.moved("_find_source", lambda text: query(str(text or "") or None)),
    )


def heading(atlas: Atlas, view: View) -> None:
    """Show the feature that the hits are similar to, and the choice of space; nothing for a text search."""
    if view.like is None:
        return
    st.subheader("More like this feature", anchor=False)
    href = neuron_href(atlas, view.like, **in_space(atlas, view.space))
    row = feature_row(atlas, atlas.feature_id(view.like), named=True, href=href)
    feature_rows([row], atlas=atlas, name="like", label="The feature", n_visible=1)
    space_of(atlas, "_find_space", view.space, lambda space: view.to(space=space).query(atlas))
    embeddings = embeddings_formula(atlas.manifest, view.space)
    st.caption(f"Sorted by the cosine between central examples, as {embeddings}.")
    caution(atlas, view.space, lambda pairs: similar_words(pairs, view.like.layer))
