"""Titles of the browser's tab for views of the ranking, the search and the map."""

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_mark, ref_name
from ne_core.method.classes import NAMES
from pages.components.text.measure_columns import columns
from pages.components.url import map_view, search_view
from pages.components.url.ranking_view import SORT
from pages.components.url.ranking_view import View as RankingView


def ranking_title(atlas: Atlas, view: RankingView) -> str:
    """“Ranking”, or “Ranking, layer 2, several meanings, by mean distance”."""
    parts = ["Ranking"]
    if view.layer is not None:
        parts.append(f"layer {layer_mark(atlas.manifest, view.layer)}")
    if view.kind:
        parts.append(NAMES[view.kind].lower())
    if view.sort != SORT:
        parts.append(f"by {columns(atlas.manifest)[view.sort].title.lower()}")
    return ", ".join(parts)


def search_title(atlas: Atlas, view: search_view.View) -> str:
    """“Search”, “Search “python””, or “Search like L3 N4 F0”."""
    return f"Search {searched(atlas, view)}".strip()


def map_title(atlas: Atlas, view: map_view.View) -> str:
    """“Map”, “Map, “python””, or “Map, L3 N4 F0”."""
    ring = "" if view.show is None else ref_name(atlas.manifest, view.show)
    return ", ".join(filter(None, ["Map", searched(atlas, view.search), ring]))


def searched(atlas: Atlas, view: search_view.View) -> str:
    if view.like is not None:
        return f"like {ref_name(atlas.manifest, view.like)}"
    return f"“{view.q}”" if view.q else ""
