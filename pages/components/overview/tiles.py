"""Links as tiles: the ways on from Overview, and neurons on cards."""

from collections.abc import Sequence

from pages.components.base.assets import component, drawn_key

TILES = component(__file__, "tiles", html='<ul id="tiles"></ul>')


def tiles(drawn: Sequence[dict], *, name: str, label: str, large: bool = False) -> None:
    """Draw tiles made by `tile`. `name` is unique on the page, `label` is for screen readers."""
    TILES(data={"key": drawn_key(list(drawn)), "label": label, "large": large, "tiles": list(drawn)}, key=name)


def tile(title: str, href: str, *, text: str = "", names: Sequence[dict] = (), images: Sequence[dict] = ()) -> dict:
    """A link with a title and a text, or the names of features (`Label.data`) and images."""
    return {"title": title, "href": href, "text": text, "names": list(names), "images": list(images)}
