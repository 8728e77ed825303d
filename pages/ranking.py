"""Page “Ranking”: every neuron, sorted and filtered by its measures. The URL holds the view."""

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
from pages.components.url.ranking_view import PRESETS, View
from pages.components.url.tab import tab
from pages.components.url.titles import ranking_title
from pages.components.widgets import export
from pages.components.widgets.chips import Chip, chips
from pages.components.widgets.export_tables import layers_table, neurons_table

ensure_router()


@per_atlas(spinner="Reading the measures …")
def ranking_of(atlas: Atlas) -> Ranking:
    """Ranking of the atlas, with its sorted columns, shared by all sessions."""
    return ranking(atlas)


def show_presets(atlas: Atlas, view: View) -> None:
    current = view.to().query(atlas)
    links = [Chip(name, to.href(atlas), to.query(atlas) == current) for name, to in PRESETS.items()]
    chips(links, name="presets", label="Presets")


def show_count(atlas: Atlas, view: View, n_matches: int, n_all: int) -> None:
    """State how many neurons match and which are shown; for a class, also its rule."""
    span = view.span(n_matches)
    column = columns(atlas.manifest)[view.sort]
    by = " ".join(filter(None, (column.title, column.unit))).lower()
    order = "descending" if view.falling else "ascending"
    count = f"{n_matches:,} of {n_all:,} {atlas.manifest.vocabulary.units}"
    st.markdown(f"**{count}**, {span.start + 1:,} to {span.stop:,} shown, sorted by {by}, {order}.")
    if view.kind:
        st.caption(f"{NAMES[view.kind]}: {rules(atlas.manifest.default_cut)[view.kind]}")


def show_pages(atlas: Atlas, view: View, n_matches: int) -> None:
    pages = view.pages(n_matches)
    if len(pages) == 1:
        return
    steps = {"Previous": view.page - 1, "Next": view.page + 1}
    links = [Chip(name, view.to(page=page).href(atlas) if page in pages else None) for name, page in steps.items()]
    current = Chip(page_words(view.page, len(pages)), None)
    chips([links[0], current, links[1]], name="pages", label="Pages")


def show_nothing(atlas: Atlas, ranked: Ranking, view: View) -> None:
    """Offer to drop each filter without which some neurons pass, and to drop all of them."""
    unit = atlas.manifest.vocabulary.unit
    st.markdown(f"**No {unit} passes all of these filters.** Remove a filter:")
    counts = {name: int(ranked.passing(without.filter).sum()) for name, without in widened(atlas, view).items()}
    texts = {name: f"without {name}: {count:,} {unit}{'s' * (count != 1)}" for name, count in counts.items() if count}
    links = [Chip(text, widened(atlas, view)[name].href(atlas)) for name, text in texts.items()]
    all_removed = Chip("no filters", view.to(layer=None, kind=None, **dict.fromkeys(view.ranges)).href(atlas))
    chips([*links, all_removed], name="widen", label="Fewer filters")


def widened(atlas: Atlas, view: View) -> dict[str, View]:
    """Views without one of the filters each, by the name of the filter."""
    views = {TITLES[name].lower(): view.to(**{name: None}) for name in view.ranges}
    if view.layer is not None:
        views[f"layer {layer_mark(atlas.manifest, view.layer)}"] = view.to(layer=None)
    if view.kind:
        views[f"class {NAMES[view.kind].lower()}"] = view.to(kind=None)
    return views


atlas = open_page("ranking")
neurons = ranking_of(atlas)
request = location.read(atlas.slug)
view = View.read(request, atlas, board=neurons)
rows = neurons.rows(view.filter, view.column.source, view.falling)
view = view.on_page(request, len(rows))
query = view.query(atlas)
location.settle(request, query)
tab(ranking_title(atlas, view), atlas.slug)
st.title("Ranking", anchor=False)
request.show_problems()
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
