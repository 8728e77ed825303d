"""The parts of a pre-activation, as signed bars on one scale, and beside a head what it reads."""

from collections.abc import Sequence

from ne_core.method.contributions import Part
from ne_core.numbers import signed
from pages.components.base.assets import component, drawn_key

PARTS = component(__file__, "parts_chart", html='<ul id="parts"></ul>')
MOST = 8  # parts shown separately; the others are summed
NAMES = {"token": "token embedding", "position": "position embedding"}
EXPLANATION = (
    "With the scale of the preceding norm held fixed for each example, a neuron’s pre-activation is a sum of the "
    "contributions of embeddings, heads and MLPs before it. Biases are the part that is the same for every token. "
    "The token that a head reads is the one from which most of its contribution comes."
)


def parts_chart(label: str, values: Sequence[tuple[str, float]], reads: Sequence[dict | None], key: str) -> None:
    """Draw named parts, the last of which is their total. `reads` = {before, token, href, after} of the first ones."""
    rows = bars(values, [*reads, *[None] * (len(values) - len(reads))])
    drawn = {"label": label, "rows": rows}
    PARTS(data={"key": drawn_key(drawn), **drawn}, key=key)


def bars(values: Sequence[tuple[str, float]], reads: Sequence[dict | None]) -> list[dict]:
    """Each part's bar in shares of the scale that holds all of them and 0."""
    low, high = (end(0.0, *(value for _, value in values)) for end in (min, max))
    span = (high - low) or 1.0
    return [
        {
            "name": name,
            "value": signed(value),
            "from": round((min(value, 0.0) - low) / span, 4),
            "size": round(abs(value) / span, 4),
            "raises": value > 0,
            "total": i == len(values) - 1,
            "reads": read,
        }
        for i, ((name, value), read) in enumerate(zip(values, reads, strict=True))
    ]


def with_rest(largest: Sequence[tuple[str, float]], n_rest: int, rest: float, biases: float) -> list[tuple[str, float]]:
    """The rows of the chart without the total: the largest parts, the sum of the others, the biases."""
    others = [("the other part" if n_rest == 1 else f"the other {n_rest:,} parts", rest)] if n_rest else []
    return [*largest, *others, ("biases", biases)]


def part_name(part: Part) -> str:
    name = str(part)
    return NAMES.get(name, f"head {name}" if part.kind == "head" else name)
