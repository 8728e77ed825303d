"""The Export menu: the tables, figures and pages behind a view, each made only when it is asked for.

    export.menu(atlas, query, "board", tables=[Table("These neurons", "board", lambda: …)])

A closed menu costs a page one button; nothing in it runs. It is a fragment: opening it draws the menu and no more.
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
from pages.components.widgets.pictures import Picture, pictures

if TYPE_CHECKING:
    import pandas as pd

FORMATS = {"csv": "CSV", "parquet": "Parquet", "json": "JSON"}
MIME = {"html": "text/html", "svg": "image/svg+xml"}
SAYS = {
    "csv": "Text that a spreadsheet would take for a formula has an apostrophe before it; README says how to undo it.",
    "parquet": "Where it came from stands in its metadata.",
    "json": "Columns, rows, and where they came from.",
}


@dataclass(frozen=True)
class Table:
    """Rows to export: what they are, the file's name without atlas and ending, and what makes them."""

    title: str
    name: str
    frame: Callable[[], "pd.DataFrame"]


@dataclass(frozen=True)
class Page:
    """A whole file to export, made by the click: an HTML page, or a figure too large to be made for a menu."""

    title: str
    name: str
    made: Callable[[], str]
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
    """Draw it. `name` tells this menu from others on the page; `query` is the view's URL, which exports quote."""
    box = st.popover("Export", icon=":material/download:", key=f"_export_{name}", on_change="rerun")
    if not box.open:
        return
    with box:
        if tables:
            offer_tables(atlas, query, name, tables)
        if figures:
            st.markdown("**Figures**")
            named = [Picture(each.title, stem(atlas, each.name), each.svg) for each in figures]
            pictures(named, name=f"_pictures_{name}")
        if drawings:
            offer_files(atlas, "Figures", name, drawings)
        if pages:
            offer_files(atlas, "Pages", name, pages)
        st.caption("How to cite: at the end of the About page.")


def offer_files(atlas: Atlas, title: str, name: str, files: Sequence[Page]) -> None:
    st.markdown(f"**{title}**")
    with st.container(gap=None):
        for each in files:
            file = file_name(atlas, each.name, each.kind)
            download(each.title, file, MIME[each.kind], each.made, f"{name}_{each.name}_{each.kind}")


def stem(atlas: Atlas, name: str) -> str:
    """The file's name without its ending, which the browser adds."""
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
            made = partial(table_bytes, atlas, query, table, kind)
            download(table.title, file_name(atlas, table.name, kind), None, made, f"{name}_{table.name}_{kind}")
    st.caption(SAYS[kind])


def table_bytes(atlas: Atlas, query: dict[str, str], table: Table, kind: str) -> bytes:
    from ne_core.export.table_files import FORMATS as WRITERS  # pandas and pyarrow, when the first table is asked for

    return WRITERS[kind].write(table.frame(), provenance(atlas, query))


def download(title: str, file: str, mime: str | None, made: Callable[[], str | bytes], key: str) -> None:
    """A button whose file is made by the click, beside the script: the page does not run again."""
    told = {"mime": mime or "application/octet-stream", "on_click": "ignore", "type": "tertiary"}
    st.download_button(
        markdown(title), turns.by_itself(made), file, key=f"_download_{key}", icon=":material/download:", **told
    )


def plotly_page(title: str, name: str, figure) -> Page:
    """A plotly figure as a page of its own, which works offline."""

    def html() -> str:
        from ne_core.export.figure_page import plotly_page as page

        return page(figure, title)

    return Page(f"{title}, as HTML", name, html)


def toolbar(name: str) -> dict:
    """For `st.plotly_chart(config=…)`: the figure's one button saves it as SVG, as it stands on the screen."""
    return {
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "svg", "filename": name, "scale": 1},
    }
