"""The controls of the board: layer, class, and ranges. Each moves the URL."""

from collections.abc import Callable

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.board import Board
from ne_core.classes import CLASSES, NAMES
from pages.components import location
from pages.components.board_location import RANGES, Range, View, ends

TITLES = {"features": "Features", "size": "Size (examples)", "distance": "Mean distance"}
WIDTHS = {"layer": 130, "kind": 195, "features": 180, "size": 180, "distance": 180}  # two in a row on a telephone


def filters(atlas: Atlas, board: Board, view: View) -> None:
    with st.container(horizontal=True, gap="small"):
        one_of("layer", "Layer", list(atlas.layers), str, view.layer, lambda layer: view.to(layer=layer).query(atlas))
        one_of("kind", "Class", list(CLASSES), NAMES.get, view.kind, lambda kind: view.to(kind=kind).query(atlas))
        for name in RANGES:
            pick_range(atlas, board, view, name)


def one_of(name: str, title: str, options: list, text: Callable, picked, query: Callable) -> None:
    """One of the options; without one, all."""
    key = f"_board_{name}"
    st.session_state[key] = picked
    st.selectbox(
        title,
        options,
        index=None,
        key=key,
        format_func=text,
        placeholder="All",
        width=WIDTHS[name],
        on_change=location.moved(key, query),
    )


def pick_range(atlas: Atlas, board: Board, view: View, name: str) -> None:
    """A range between the ends of what there is; a handle at an end is no limit."""
    low, high = ends(board, name)
    if low == high:
        return
    key, whole = f"_board_{name}", name != "distance"
    least, most = dict(view.ranges).get(name, (None, None))
    shown = (min(max(low, low if least is None else least), high), max(min(high, high if most is None else most), low))
    kind = int if whole else float
    st.session_state[key] = tuple(map(kind, shown))

    def moved(to: tuple[float, float]) -> dict[str, str]:
        return view.within(name, between(to, (low, high))).query(atlas)

    st.slider(
        TITLES[name],
        kind(low),
        kind(high),
        key=key,
        step=1 if whole else 0.01,
        width=WIDTHS[name],
        on_change=location.moved(key, moved),
    )


def between(picked: tuple[float, float], limits: tuple[float, float]) -> Range:
    return tuple(None if end == limit else float(end) for end, limit in zip(picked, limits, strict=True))
