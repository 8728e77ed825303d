"""Keyboard shortcuts: one listener for all pages, and a dialog that lists them, opened from the sidebar."""

from dataclasses import asdict, dataclass

from ne_core.atlas.manifest import Manifest
from ne_core.text.vocabulary import Vocabulary
from pages.components.base.assets import component

KEYS = component(
    __file__,
    "keys",
    html='<button id="open" type="button">Keyboard shortcuts <kbd>?</kbd></button><dialog aria-labelledby="title">'
    '<header><h2 id="title">Keyboard shortcuts</h2><button id="close" type="button">Close</button></header>'
    "<dl></dl><p>Shortcuts are off while you type in a field. Back and Forward of the browser work as usual.</p>"
    "</dialog>",
)


@dataclass(frozen=True)
class Shortcut:
    """A key that opens a `page`, presses the element of the selector `press`, or presses a link or button that a
    component has registered for it (`onKey` in shared.js). An entry for several keys, such as “1–6”, is only listed:
    the component that registers it listens for its keys itself."""

    key: str
    title: str
    page: str | None = None
    press: str | None = None
    texts_only: bool = False  # not offered by an atlas of images


def shortcuts(words: Vocabulary) -> list[Shortcut]:
    return [
        Shortcut("n", f"Next {words.unit}", press=".st-key-_next button"),
        Shortcut("p", f"Previous {words.unit}", press=".st-key-_previous button"),
        Shortcut("j", f"Next feature of the {words.unit}"),
        Shortcut("k", f"Previous feature of the {words.unit}"),
        Shortcut("r", f"A random {words.unit}", press=".st-key-_random button"),
        Shortcut("v", "Show or hide the values of tokens", texts_only=True),
        Shortcut("w", "Show the whole of the current example, or its window", texts_only=True),
        Shortcut("b", "Bookmark this feature, or remove its bookmark"),
        Shortcut("c", "Copy the link of this view"),
        Shortcut("1–6", "Choose an example of the game"),
        Shortcut("Enter ↵", "Next question of the game"),
        Shortcut("/", "Search", page="search", press=".st-key-_q input"),
        Shortcut("o", "Overview", page="overview"),
        Shortcut("e", words.Unit, page="neuron"),
        Shortcut("t", "Prompt: type a text", page="prompt"),
        Shortcut("g", "Ranking", page="ranking"),
        Shortcut("m", "Map", page="map"),
        Shortcut("a", "Across layers", page="across_layers"),
        Shortcut("d", "Side by side", page="side_by_side"),
        Shortcut("s", "Spaces", page="spaces"),
        Shortcut("i", "Game: find the intruder", page="game"),
        Shortcut("l", "SAE lab", page="sae_lab"),
        Shortcut("?", "This list"),
    ]


def keys(manifest: Manifest, addresses: dict[str, str]) -> None:
    """Draw the button and listen for the keys. `addresses`: the pages of the menu and their addresses."""
    offered = [each for each in shortcuts(manifest.vocabulary) if not (manifest.images and each.texts_only)]
    reachable = [each for each in offered if each.page is None or each.page in addresses]
    rows = [{**asdict(each), "href": addresses.get(each.page)} for each in reachable]
    KEYS(data={"shortcuts": rows}, key="keys")
