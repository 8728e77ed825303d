"""Comparability of cosines between layers, measured once per atlas and space."""

from collections.abc import Callable

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_mark
from ne_core.errors import AtlasError
from ne_core.method.comparable import Verdict
from ne_core.queries.layer_pairs import LayerPairs
from pages.components.base.escape import markdown
from pages.components.cached.per_atlas import per_atlas


@per_atlas(entries=8)
def layer_pairs(atlas: Atlas, space: str) -> LayerPairs:
    return LayerPairs(atlas, space)


def caution(atlas: Atlas, space: str, words: Callable[[LayerPairs], str]) -> None:
    """Show a caption on how far cosines can be compared, unless `words` has nothing to report."""
    try:
        text = words(layer_pairs(atlas, space))
    except AtlasError as error:
        text = str(error)
    if text:
        st.caption(markdown(text))


def pairs_table(atlas: Atlas, space: str) -> str:
    """Markdown table of the measured shares, one row per layer."""
    pairs, marks = layer_pairs(atlas, space), [markdown(layer_mark(atlas.manifest, each)) for each in atlas.layers]
    lines = [["layer", *marks], ["---", *["---:"] * len(marks)]]
    for mark, layer in zip(marks, atlas.layers, strict=True):
        lines.append([f"**{mark}**", *(cell(pairs, layer, other) for other in atlas.layers)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(pairs: LayerPairs, layer: int, other: int) -> str:
    matches = pairs.matches(layer, other)
    if matches is None:
        return "too few"
    return f"**{matches.share:.0%}**" if pairs.verdict(layer, other) == Verdict.COMPARABLE else f"{matches.share:.0%}"
