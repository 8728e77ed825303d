"""Controls of the ranking: layer, class and ranges. Each changes the URL."""

from functools import partial

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_mark
from ne_core.method.classes import CLASSES, NAMES
from ne_core.queries.ranking import Ranking
from pages.components.url import location
from pages.components.url.ranking_view import RANGES, Range, View, ends
from pages.components.widgets.choices import one_of

TITLES = {"features": "Features", "size": "Size (examples)", "distance": "Mean distance"}
WIDTH = 144  # pixels of a slider: all filters fit in one row, and two sliders side by side on a phone


def filters(atlas: Atlas, ranking: Ranking, view: View) -> None:
    with st.container(horizontal=True, gap="small"):
        layers, kinds = list(atlas.layers), list(CLASSES)
        named = partial(layer_mark, atlas.manifest)
        one_of(
            "_ranking_layer", "Layer", layers, named, view.layer, 120, lambda layer: view.to(layer=layer).query(atlas)
        )
        one_of("_ranking_kind", "Class", kinds, NAMES.get, view.kind, 180, lambda kind: view.to(kind=kind).query(atlas))
        for name in RANGES:
            pick_range(atlas, ranking, view, name)


def pick_range(atlas: Atlas, ranking: Ranking, view: View, name: str) -> None:
    """Show a slider from the lowest to the highest value; a handle at an end sets no limit."""
    low, high = ends(ranking, name)
    if low == high:
        return
    key, whole = f"_ranking_{name}", name != "distance"
    least, most = view.ranges.get(name, (None, None))
    selected = (
        min(max(low, low if least is None else least), high),
        max(min(high, high if most is None else most), low),
    )
    number_type = int if whole else float
    st.session_state[key] = tuple(map(number_type, selected))

    def query_with(handles: tuple[float, float]) -> dict[str, str]:
        return view.to(**{name: between(handles, (low, high))}).query(atlas)

    st.slider(
        TITLES[name],
        number_type(low),
        number_type(high),
        key=key,
        step=1 if whole else 0.01,
        width=WIDTH,
        on_change=location.moved(key, query_with),
    )


def between(picked: tuple[float, float], limits: tuple[float, float]) -> Range | None:
    ends = tuple(None if end == limit else float(end) for end, limit in zip(picked, limits, strict=True))
    return None if ends == (None, None) else ends
