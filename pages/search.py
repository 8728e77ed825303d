"""Page “Search”: features by words, exact token, name, snippet, or similarity to a feature. The URL holds the view."""

import streamlit as st

from ne_core.errors import AtlasError
from pages.components.base.escape import markdown
from pages.components.matching import find
from pages.components.search.controls import controls, heading
from pages.components.search.empty import show_help, show_no_results
from pages.components.search.hits import show_hits
from pages.components.shell.frame import open_page
from pages.components.shell.nav import ensure_router
from pages.components.url import location
from pages.components.url.search_view import View
from pages.components.url.tab import tab
from pages.components.url.titles import search_title
from pages.components.widgets import export
from pages.components.widgets.export_tables import hits_table

ensure_router()
atlas = open_page("search")
request = location.read(atlas.slug)
view = View.read(request, atlas)
tab(search_title(atlas, view), atlas.slug)
st.title("Search", anchor=False)
try:
    results = find.run_search(atlas, view) if view.has_query else None
except AtlasError as error:
    st.error(markdown(str(error)))
    st.stop()
view = find.with_valid_page(request, view, results)
query = view.query(atlas)
location.settle(request, query)
request.show_problems()
controls(atlas, view)
if results is None:
    show_help(atlas)
    st.stop()
heading(atlas, view)
if len(results):
    show_hits(atlas, view, results)
    export.menu(atlas, query, "search", tables=[hits_table(atlas, view, results)])
else:
    show_no_results(atlas, view, results)
