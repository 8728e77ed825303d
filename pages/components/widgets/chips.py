"""A row of links that look like buttons, such as presets and pages, with the current one marked."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pages.components.base.assets import component, drawn_key

CHIPS = component(__file__, "chips", html='<nav id="chips"></nav>')


@dataclass(frozen=True)
class Chip:
    """A link; disabled without an address."""

    text: str
    href: str | None
    current: bool = False


def chips(links: Sequence[Chip], *, name: str, label: str) -> None:
    """Draw a row of links. `name` is unique on the page, `label` is for screen readers."""
    drawn = [asdict(chip) for chip in links]
    CHIPS(data={"key": drawn_key(drawn), "label": label, "chips": drawn}, key=name)
