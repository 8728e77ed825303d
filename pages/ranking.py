"""Every neuron of the atlas, ranked and filtered by its measures. The view is the URL."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_mark
from ne_core.method.classes import NAMES, rules
from ne_core.queries.ranking import Ranking, ranking
from pages.components.cached.per_atlas import per_atlas
from pages.components.ranking.filters import TITLES, filters
from pages.components.ranking.layers import show_classes, show_layers
from pages.components.ranking.ranking_table import ranking_table
from pages.components.shell.frame import open_page
from pages.components.shell.nav import ensure_router
from pages.components.text.measure_columns import columns
from pages.components.text.page_words import page_words
from pages.components.url import location
from pages.components.url.ranking_view import View, presets
from pages.components.url.tab import tab
from pages.components.url.titles import ranking_title
from pages.components.widgets import export
from pages.components.widgets.chips import Chip, chips
from pages.components.widgets.export_tables import layers_table, neurons_table

ensure_router()


@per_atlas(spinner="Reading the measures …")
def ranking_of(atlas: Atlas) -> Ranking:
    """One ranking for all sessions, with its sorted columns."""
    return ranking(atlas)


def show_presets(atlas: Atlas, view: View) -> None:
    here = view.to().query(atlas)
    shown = [Chip(name, to.href(atlas), to.query(atlas) == here) for name, to in presets(atlas.manifest).items()]
    chips(shown, name="presets", label="Ready-made views")


def show_count(atlas: Atlas, view: View, n_found: int, n_all: int) -> None:
    """How many there are and what is shown of them; of a class, its rule."""
    span = view.span(n_found)
    column = columns(atlas.manifest)[view.sort]
    by = " ".join(filter(None, (column.title, column.unit))).lower()
    way = "descending" if view.falling else "ascending"
    count = f"{n_found:,} of {n_all:,} {atlas.manifest.vocabulary.units}"
    st.markdown(f"**{count}**, {span.start + 1:,} to {span.stop:,} shown, by {by}, {way}.")
    if view.kind:
        st.caption(f"{NAMES[view.kind]}: {rules(atlas.manifest.default_cut)[view.kind]}")


def show_pages(atlas: Atlas, view: View, n_found: int) -> None:
    pages = view.pages(n_found)
    if len(pages) == 1:
        return
    steps = {"Previous": view.page - 1, "Next": view.page + 1}
    shown = [Chip(name, view.to(page=page).href(atlas) if page in pages else None) for name, page in steps.items()]
    here = Chip(page_words(view.page, len(pages)), None)
    chips([shown[0], here, shown[1]], name="pages", label="Pages")


def show_nothing(atlas: Atlas, ranked: Ranking, view: View) -> None:
    """Which one filter, without which there would be some; else all of them."""
    unit = atlas.manifest.vocabulary.unit
    st.markdown(f"**No {unit} passes all of these filters.** Widen one:")
    counts = {name: int(ranked.passing(without.filter).sum()) for name, without in widened(atlas, view).items()}
    said = {name: f"without {name}: {count:,} {unit}{'s' * (count != 1)}" for name, count in counts.items() if count}
    shown = [Chip(text, widened(atlas, view)[name].href(atlas)) for name, text in said.items()]
    every = Chip("no filter at all", view.to(layer=None, kind=None, **dict.fromkeys(view.ranges)).href(atlas))
    chips([*shown, every], name="widen", label="Wider filters")


def widened(atlas: Atlas, view: View) -> dict[str, View]:
    """The view without each of its filters."""
    made = {TITLES[name].lower(): view.to(**{name: None}) for name in view.ranges}
    if view.layer is not None:
        made[f"layer {layer_mark(atlas.manifest, view.layer)}"] = view.to(layer=None)
    if view.kind:
        made[f"class {NAMES[view.kind].lower()}"] = view.to(kind=None)
    return made


atlas = open_page("ranking")
neurons = ranking_of(atlas)
at = location.read(atlas.slug)
view = View.read(at, atlas, board=neurons)
rows = neurons.rows(view.filter, view.column.source, view.falling)
view = view.on_page(at, len(rows))
query = view.query(atlas)
location.settle(at, query)
tab(ranking_title(atlas, view), atlas.slug)
st.title("Ranking", anchor=False)
at.show_problems()
show_presets(atlas, view)
filters(atlas, neurons, view)
with st.container(horizontal=True, vertical_alignment="center"):
    count, exports = st.container(), st.container(width="content")
if len(rows):
    with count:
        show_count(atlas, view, len(rows), len(neurons))
    ranking_table(atlas, neurons, rows[list(view.span(len(rows)))].tolist(), view)
    show_pages(atlas, view, len(rows))
else:
    show_nothing(atlas, neurons, view)
show_classes(atlas, neurons)
pages = show_layers(atlas, neurons)
with exports:
    tables = [neurons_table(atlas, rows), layers_table(atlas)]
    export.menu(atlas, query, "ranking", tables=tables, pages=pages)
