"""Results of one part of the evaluation: a table for people, and figures for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """One measured number; its name ends in the name of the atlas that it was measured on."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True)
class Report:
    """A table to print, figures for `--json`, and `pictures`: SVG by name, for the documentation."""

    table: str
    figures: tuple[Figure, ...]
    pictures: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.table.rstrip()


@dataclass(frozen=True)
class Failed:
    """A part that could not be measured, and the reason in one line."""

    why: str

    def __str__(self) -> str:
        return self.why


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Format rows as a table, the first column left-aligned, the others right-aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    align = [str.ljust, *[str.rjust] * (len(widths) - 1)]
    return "\n".join("  ".join(side(word, n) for side, word, n in zip(align, row, widths, strict=True)) for row in rows)
