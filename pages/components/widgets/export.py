"""The Export menu: the tables, figures and pages of a view, each made only when it is downloaded.

    export.menu(atlas, query, "ranking", tables=[Table("These neurons", "ranking", lambda: …)])

A closed menu costs a page one button; nothing in it runs. It is a fragment: opening it draws the menu only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.export.provenance import file_name, provenance
from pages.components.base.escape import markdown
from pages.components.serving import turns
from pages.components.widgets.pictures.pictures import Picture, pictures

if TYPE_CHECKING:
    import pandas as pd

FORMATS = {"csv": "CSV", "parquet": "Parquet", "json": "JSON"}
MIME = {"html": "text/html", "svg": "image/svg+xml"}
FORMAT_NOTES = {
    "csv": "Text that spreadsheets read as formulas has an apostrophe before it; see docs/notebook.md.",
    "parquet": "The provenance is in the file’s metadata.",
    "json": "Columns, rows and provenance.",
}


@dataclass(frozen=True)
class Table:
    """A table to export: its title, the file's name without atlas and extension, and a function that makes it."""

    title: str
    name: str
    frame: Callable[[], "pd.DataFrame"]


@dataclass(frozen=True)
class Page:
    """A file made by the click that downloads it: an HTML page, or a figure too large to be made for the menu."""

    title: str
    name: str
    make: Callable[[], str]
    kind: str = "html"


@turns.fragment
def menu(
    atlas: Atlas,
    query: dict[str, str],
    name: str,
    *,
    tables: Sequence[Table] = (),
    figures: Sequence[Picture] = (),
    drawings: Sequence[Page] = (),
    pages: Sequence[Page] = (),
) -> None:
    """Draw the menu. `name` is unique on the page; `query` is the view's URL, which exported files quote."""
    box = st.popover("Export", icon=":material/download:", key=f"_export_{name}", on_change="rerun")
    if not box.open:
        return
    with box:
        if tables:
            offer_tables(atlas, query, name, tables)
        if figures:
            st.markdown("**Figures**")
            files = [Picture(each.title, stem(atlas, each.name), each.svg) for each in figures]
            pictures(files, name=f"_pictures_{name}")
        if drawings:
            offer_files(atlas, "Figures", name, drawings)
        if pages:
            offer_files(atlas, "Pages", name, pages)
        st.caption("To cite this atlas, see the end of the page About.")


def offer_files(atlas: Atlas, title: str, name: str, files: Sequence[Page]) -> None:
    st.markdown(f"**{title}**")
    with st.container(gap=None):
        for each in files:
            file = file_name(atlas, each.name, each.kind)
            download(each.title, file, MIME[each.kind], each.make, f"{name}_{each.name}_{each.kind}")


def stem(atlas: Atlas, name: str) -> str:
    """Name of the file without its extension, which the browser adds."""
    return file_name(atlas, name, "").removesuffix(".")


def offer_tables(atlas: Atlas, query: dict[str, str], name: str, tables: Sequence[Table]) -> None:
    st.markdown("**Tables**")
    kind = st.segmented_control(
        "Format of the tables",
        list(FORMATS),
        key=f"_format_{name}",
        default="csv",
        format_func=FORMATS.get,
        required=True,
        label_visibility="collapsed",
    )
    with st.container(gap=None):
        for table in tables:
            make = partial(table_bytes, atlas, query, table, kind)
            download(table.title, file_name(atlas, table.name, kind), None, make, f"{name}_{table.name}_{kind}")
    st.caption(FORMAT_NOTES[kind])


def table_bytes(atlas: Atlas, query: dict[str, str], table: Table, kind: str) -> bytes:
    from ne_core.export.table_files import FORMATS as WRITERS  # imports pandas and pyarrow

    return WRITERS[kind].write(table.frame(), provenance(atlas, query))


def download(title: str, file: str, mime: str | None, make: Callable[[], str | bytes], key: str) -> None:
    """Draw a button whose click makes the file, outside the script: the page does not run again."""
    options = {"mime": mime or "application/octet-stream", "on_click": "ignore", "type": "tertiary"}
    st.download_button(
        markdown(title), turns.queued(make), file, key=f"_download_{key}", icon=":material/download:", **options
    )


def plotly_page(title: str, name: str, figure) -> Page:
    """Export of a plotly figure as an HTML page that works offline."""

    def html() -> str:
        from ne_core.export.figure_page import plotly_page as page

        return page(figure, title)

    return Page(f"{title}, as HTML", name, html)


def toolbar(name: str) -> dict:
    """Config for `st.plotly_chart`: a single button that saves the figure as SVG, as shown on the screen."""
    return {
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "svg", "filename": name, "scale": 1},
    }
