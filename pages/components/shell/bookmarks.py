"""Bookmarks and visited features, in the sidebar of every page. The browser stores them; the server never has them."""

from collections.abc import Sequence

from pages.components.base.assets import component

BOOKMARKS = component(
    __file__,
    "bookmarks",
    html='<details id="bookmarks"><summary>Bookmarks <span></span></summary><p class="none">No bookmarks yet. Press '
    "Bookmark beside a feature, or the key b; judge its name, or give it your own. Bookmarks are stored in this "
    "browser; export them to a file to move them."
    '</p><ul aria-label="Bookmarks"></ul><div class="tools"><button id="export" type="button">Export</button>'
    '<button id="csv" type="button">Export CSV</button><button id="import" type="button">Import</button>'
    '<button id="clear" type="button">Clear</button></div></details>'
    '<details id="visited"><summary>Visited <span></span></summary><p class="none">No features visited yet. The last '
    '30 that you open are listed here.</p><ul aria-label="Visited features"></ul><div class="tools">'
    '<button id="forget" type="button">Clear</button></div></details>'
    '<p id="blocked" hidden>This browser blocks storage, so these lists are lost when the tab is closed.</p>'
    '<p id="status" role="status"></p><button id="copy" type="button">Copy link of this view</button>'
    '<input id="file" type="file" accept=".json,application/json" aria-label="A file of bookmarks" hidden>',
    parts=("storage", "status_line", "bookmark_rows", "bookmark_csv"),
)


def show_bookmarks(names: Sequence[str], name: str | None) -> None:
    """Draw both lists. `names` are the available atlases, `name` the open one; bookmarks of others are not links."""
    BOOKMARKS(data={"atlases": list(names), "atlas": name}, key="bookmarks")
