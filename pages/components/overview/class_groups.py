"""Neurons of each class, with the rule that selected them, and the views of the ranking."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.method.classes import FEW
from ne_core.queries.class_examples import ClassExamples
from ne_core.refs import NeuronRef
from pages.components.cached.starts import A_CLASS, starts
from pages.components.text.labels import brief, label
from pages.components.url import links, location
from pages.components.url.ranking_view import PRESETS
from pages.components.widgets.chips import Chip, chips
from pages.components.widgets.features import feature_rows
from pages.components.widgets.pictures.thumbs import thumbs

NAMED = 4  # features named in a neuron’s row


def show_classes(atlas: Atlas) -> None:
    groups = starts(atlas, A_CLASS)
    for i, (column, group) in enumerate(zip(st.columns(max(1, len(groups)), gap="medium"), groups, strict=False)):
        with column:
            show_class(atlas, group, f"start{i}")
    st.markdown(f"**Or rank every {atlas.manifest.vocabulary.unit} by its measures:**")
    chips(
        [Chip(name, view.href(atlas)) for name, view in PRESETS.items()],
        name="ranking",
        label="Views of the ranking",
    )


def show_class(atlas: Atlas, group: ClassExamples, name: str) -> None:
    st.markdown(f"**{group.title}**")
    rows = [neuron_row(atlas, ref) for ref in group.neurons]
    feature_rows(rows, atlas=atlas, name=name, label=group.title, n_visible=A_CLASS, narrow=True)
    st.caption(group.rule)


def neuron_row(atlas: Atlas, ref: NeuronRef) -> dict:
    """Row of a neuron: the short names and the sizes of its larger features."""
    ids = atlas.feature_ids(ref)
    sizes = [int(atlas.features["size"][id]) for id in ids]
    large = [(id, size) for id, size in zip(ids, sizes, strict=True) if size >= FEW][:NAMED] or [(ids[0], sizes[0])]
    listed_sizes = location.listed([size for _, size in large], "and")
    return {
        "href": links.neuron_href(atlas, ref),
        "number": None,
        "colour": None,
        "name": ref_name(atlas.manifest, ref),
        "label": brief([label(atlas, id) for id, _ in large]),
        "has_others": sum(size >= FEW for size in sizes) > NAMED,
        "meta": "",
        "share": None,
        "line": None,
        "maximum": 1,
        "why": f"{listed_sizes} of {sum(sizes)} examples",
        "current": False,
        "centres": centres(atlas, ref, [id for id, _ in large]),
    }


def centres(atlas: Atlas, ref: NeuronRef, ids: list[int]) -> list[dict]:
    """Images at the centres of some features of a neuron; empty for an atlas of texts."""
    if atlas.images is None:
        return []
    return thumbs(atlas, atlas.neuron(ref).example[atlas.features["central"][ids]])
