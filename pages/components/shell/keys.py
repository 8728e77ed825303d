"""Keyboard shortcuts: one listener for all pages, and the dialog that lists them, in the sidebar."""

from dataclasses import asdict, dataclass

from ne_core.atlas.manifest import Manifest
from ne_core.text.vocabulary import Vocabulary
from pages.components.base.assets import component

KEYS = component(
    __file__,
    "keys",
    html='<button id="open" type="button">Keyboard shortcuts <kbd>?</kbd></button><dialog aria-labelledby="title">'
    '<header><h2 id="title">Keyboard shortcuts</h2><button id="close" type="button">Close</button></header>'
    "<dl></dl><p>Keys do nothing while you type. Back and Forward are the browser’s.</p></dialog>",
)


@dataclass(frozen=True)
class Shortcut:
    """A key and what it does: it goes to a `page`, or presses what the selector `press` finds, or a link or button
    that a component has announced for this key (`onKey` in shared.js)."""

    key: str
    says: str
    page: str | None = None
    press: str | None = None
    of_texts: bool = False  # images have nothing that it could do


def shortcuts(words: Vocabulary) -> list[Shortcut]:
    return [
        Shortcut("n", f"Next {words.unit}", press=".st-key-_next button"),
        Shortcut("p", f"Previous {words.unit}", press=".st-key-_previous button"),
        Shortcut("j", f"Next feature of the {words.unit}"),
        Shortcut("k", f"Previous feature of the {words.unit}"),
        Shortcut("r", f"A random {words.unit}", press=".st-key-_random button"),
        Shortcut("v", "Show or hide values of tokens", of_texts=True),
        Shortcut("b", "Bookmark what is shown, or remove its bookmark"),
        Shortcut("c", "Copy the link of this view"),
        Shortcut("/", "Search", page="search", press=".st-key-_q input"),
        Shortcut("o", "Overview", page="overview"),
        Shortcut("e", words.Unit, page="neuron"),
        Shortcut("t", "Ranking", page="ranking"),
        Shortcut("d", "Side by side", page="side_by_side"),
        Shortcut("m", "Map", page="map"),
        Shortcut("l", "SAE lab", page="sae_lab"),
        Shortcut("?", "This list"),
    ]


def keys(manifest: Manifest, addresses: dict[str, str]) -> None:
    """`addresses` of the pages that there are."""
    known = [each for each in shortcuts(manifest.vocabulary) if not (manifest.images and each.of_texts)]
    there = [each for each in known if each.page is None or each.page in addresses]
    shown = [{**asdict(each), "href": addresses.get(each.page)} for each in there]
    KEYS(data={"shortcuts": shown}, key="keys")
