"""Bookmarks and visited features, in the sidebar of every page. They live in the browser: the server never has them."""

from collections.abc import Sequence

from pages.components.base.assets import component

KEEPER = component(
    __file__,
    "keeper",
    html='<details id="bookmarks"><summary>Bookmarks <span></span></summary><p class="none">None yet. The star on a '
    "neuron’s page, or the key b, keeps the feature that is shown. Bookmarks stay in this browser; a file takes them "
    'elsewhere.</p><ul aria-label="Bookmarks"></ul><div class="tools"><button id="export" type="button">Export</button>'
    '<button id="import" type="button">Import</button><button id="clear" type="button">Clear</button></div></details>'
    '<details id="visited"><summary>Visited <span></span></summary><p class="none">The features that you open are '
    'listed here, the last 30 of them.</p><ul aria-label="Visited features"></ul><div class="tools">'
    '<button id="forget" type="button">Clear</button></div></details>'
    '<p id="blocked" hidden>The browser lets this page keep nothing, so these are gone with this tab.</p>'
    '<p id="said" role="status"></p><button id="copy" type="button">Copy link of this view</button>'
    '<input id="file" type="file" accept=".json,application/json" aria-label="A file of bookmarks" hidden>',
    parts=("kept", "said", "keeper_rows"),
)


def keeper(names: Sequence[str], name: str | None) -> None:
    """`names` are the atlases that are here: a bookmark of another one is no link. `name` is the open one."""
    KEEPER(data={"atlases": list(names), "atlas": name}, key="keeper")
