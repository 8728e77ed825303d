"""What a part of the evaluation gives: a table for people, and figures for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """The name ends in the atlas that it was measured on."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True)
class Report:
    """The table is printed, the figures are written by `--json`. `pictures`: SVG by name, for the documentation."""

    table: str
    figures: tuple[Figure, ...]
    pictures: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.table.rstrip()


@dataclass(frozen=True)
class Failed:
    """A part that could not be measured, and why, in one line."""

    why: str

    def __str__(self) -> str:
        return self.why


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of words under one another, the first column from the left, the others from the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = [str.ljust, *[str.rjust] * (len(widths) - 1)]
    return "\n".join("  ".join(side(word, n) for side, word, n in zip(sides, row, widths, strict=True)) for row in rows)
