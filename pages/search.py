"""Features by words, exact token, name, a piece of text, or likeness to another feature. The view is the URL."""

import streamlit as st

from ne_core.errors import AtlasError
from pages.components.base.escape import markdown
from pages.components.matching import find
from pages.components.search.controls import controls, heading
from pages.components.search.empty import nothing_asked, nothing_found
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
at = location.read(atlas.slug)
view = View.read(at, atlas)
tab(search_title(atlas, view), atlas.slug)
st.title("Search", anchor=False)
try:
    found = find.run_search(atlas, view) if view.has_query else None
except AtlasError as error:
    st.error(markdown(str(error)))
    st.stop()
view = find.with_valid_page(at, view, found)
query = view.query(atlas)
location.settle(at, query)
at.show_problems()
controls(atlas, view)
if found is None:
    nothing_asked(atlas)
    st.stop()
heading(atlas, view)
if len(found):
    show_hits(atlas, view, found)
    export.menu(atlas, query, "search", tables=[hits_table(atlas, view, found)])
else:
    nothing_found(atlas, view, found)
