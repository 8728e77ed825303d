"""SVG figures to be saved as SVG, PNG or HTML; the browser draws the PNG."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ne_core.export.figure_page import svg_page
from pages.components.base.assets import component, drawn_key

PICTURES = component(
    __file__,
    "pictures",
    html='<ul id="pictures" aria-label="Figures"></ul><p id="live" role="status" aria-live="polite"></p>',
)


@dataclass(frozen=True)
class Picture:
    """A figure: its title, the file's name without its extension, and a function that draws it."""

    title: str
    name: str
    svg: Callable[[], str]


def pictures(figures: Sequence[Picture], *, name: str) -> None:
    drawn = []
    for picture in figures:
        svg = picture.svg()
        drawn.append({"title": picture.title, "name": picture.name, "svg": svg, "html": svg_page(svg, picture.title)})
    PICTURES(data={"key": drawn_key(drawn), "pictures": drawn}, key=name)
