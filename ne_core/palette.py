"""Colours of features, for light and dark pages. Features beyond the eighth share one colour; their numbers differ.

The eight hues maximise the smallest difference (OKLab) between any two of them under normal colour vision,
protanopia, deuteranopia and tritanopia, at a contrast of at least 3.1 against the page;
tests/pages/test_palette.py checks both.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Colour:
    """One colour on a light and on a dark page."""

    light: str
    dark: str

    @property
    def css(self) -> str:
        """The colour for both themes, as CSS."""
        return f"light-dark({self.light}, {self.dark})"


FEATURES = (
    Colour("#2350a8", "#a6d7fc"),
    Colour("#ca5912", "#f88e17"),
    Colour("#258b6e", "#52c29b"),
    Colour("#955cda", "#ba94f3"),
    Colour("#574c0b", "#fae96f"),
    Colour("#893366", "#a86891"),
    Colour("#20216d", "#5b76f6"),
    Colour("#5a100d", "#de4a25"),
)
OTHER = Colour("#6b6f76", "#9aa0a8")  # features beyond the eighth, distinguished by number only
PAGE = Colour("#fdfcfa", "#15171b")


def feature_colour(feature: int) -> Colour:
    """Colour of a neuron's feature; the largest feature is 0."""
    return FEATURES[feature] if 0 <= feature < len(FEATURES) else OTHER
