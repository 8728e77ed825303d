"""Colours of the map's points: layers and sizes along a ramp, classes by separate hues.

The lightness along both ramps (light and dark theme) is monotonic, so that they are readable with any colour vision
(checked in tests/pages/test_map.py).
"""

from dataclasses import dataclass

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_mark
from ne_core.method.classes import CLASSES, NAMES
from ne_core.palette import FEATURES, OTHER, Colour
from pages.components.map.points import SIZES

RAMP = (
    Colour("#dd9a1f", "#534fce"),
    Colour("#d8613a", "#ab68dc"),
    Colour("#b5356a", "#e672ae"),
    Colour("#74278c", "#f6996a"),
    Colour("#27266f", "#f8e27a"),
)


@dataclass(frozen=True)
class Legend:
    """Name and colour of each value that a point can have; the name is empty for a value that no point has."""

    title: str
    names: tuple[str, ...]
    colours: tuple[Colour, ...]


def legend(atlas: Atlas, colour: str) -> Legend:
    if colour == "class":
        names = tuple("" if each == "dead" else NAMES[each] for each in CLASSES)
        return Legend(f"Class of its {atlas.manifest.vocabulary.unit}", names, (OTHER, *FEATURES[: len(CLASSES) - 1]))
    names = SIZES if colour == "size" else tuple(layer_mark(atlas.manifest, layer) for layer in atlas.layers)
    return Legend("Examples of a feature" if colour == "size" else "Layer", names, ramp(len(names)))


def ramp(n: int) -> tuple[Colour, ...]:
    """Return `n` colours evenly spaced along RAMP."""
    return tuple(along(i / max(n - 1, 1)) for i in range(n))


def along(share: float) -> Colour:
    position = share * (len(RAMP) - 1)
    first = min(int(position), len(RAMP) - 2)
    ends = RAMP[first], RAMP[first + 1]
    return Colour(*(between(*(getattr(end, theme) for end in ends), position - first) for theme in ("light", "dark")))


def between(a: str, b: str, share: float) -> str:
    """Interpolate between two colours, #rrggbb."""
    pairs = ((int(a[i : i + 2], 16), int(b[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(x + (y - x) * share):02x}" for x, y in pairs)
