"""A row of links that look like buttons: presets, pages. Real addresses, the current one marked."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pages.components.base.assets import component, drawn_key

CHIPS = component(__file__, "chips", html='<nav id="chips"></nav>')


@dataclass(frozen=True)
class Chip:
    """A link; without an address it can be seen and not followed."""

    text: str
    href: str | None
    current: bool = False


def chips(shown: Sequence[Chip], *, name: str, label: str) -> None:
    """`name` tells this row from others on the page, `label` says what it is."""
    drawn = [asdict(chip) for chip in shown]
    CHIPS(data={"key": drawn_key(drawn), "label": label, "chips": drawn}, key=name)
