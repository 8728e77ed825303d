"""Comparison of a neuron with chance: its measures with intervals, beside those of random directions of its layer."""

from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas
from ne_core.method.embeddings import reads_weights
from ne_core.method.equal_n import Measure
from ne_core.queries.chance import Chance, ChanceComparison, against_chance
from ne_core.refs import NeuronRef
from pages.components.text.measure_columns import number


@dataclass(frozen=True)
class Strip:
    """One measure on a scale from `low` to `high`."""

    title: str
    comparison: ChanceComparison
    low: int | float
    high: int | float
    digits: int


def show_chance(atlas: Atlas, ref: NeuronRef) -> None:
    """Show the comparison, or the reason why there is none."""
    chance = against_chance(atlas, ref)
    if chance is None:
        st.caption(reason_for_none(atlas))
        return
    same = not reads_weights(atlas.manifest.embedding)
    rows = "".join(strip_html(strip, same) for strip in strips(chance))
    st.html(f'<div class="ne-chance">{rows}</div>')
    st.caption(
        f"At the atlas’s cut, {atlas.manifest.default_cut:g}; features over {chance.n_sets} random sets of {chance.n} "
        f"examples, since more examples make more features. Dot and line: this {atlas.manifest.vocabulary.unit} with "
        "its 95 % interval. Band: the middle half of the random directions, with their mean. Diamond: the same "
        "examples with the weights shuffled. These are too few directions to tell one "
        f"{atlas.manifest.vocabulary.unit} from chance."
    )


def reason_for_none(atlas: Atlas) -> str:
    facts, words = atlas.manifest.rarefied, atlas.manifest.vocabulary
    if facts is None:
        return (
            f"More examples make more features: compare this count only with {words.units} of as many examples. This "
            "atlas has no random directions to compare with."
        )
    return (
        f"Fewer than {facts.examples} examples: too few to compare this {words.unit} with others or with "
        "random directions."
    )


def strips(chance: Chance) -> list[Strip]:
    far = max(1.0, largest_value(chance.distance))
    return [
        Strip(f"Features at {chance.n} examples", chance.features, 1, chance.n, 1),
        Strip("Mean distance", chance.distance, 0, far, 2),
    ]


def largest_value(comparison: ChanceComparison) -> float:
    """Largest number that is drawn."""
    measures = (comparison.measured, comparison.random, comparison.permuted)
    values = [end for measure in measures for end in (measure.value, measure.high)]
    return float(np.nanmax(values))


def strip_html(strip: Strip, same: bool) -> str:
    """Draw the marks on their scale, with the same numbers as text below."""
    write = number(strip.digits)
    drawn = "".join(marks(strip))
    low, high = write(strip.low).removesuffix(".0"), write(strip.high).removesuffix(".0")
    return (
        f"<div><strong>{escape(strip.title)}</strong>"
        f'<span class="strip" aria-hidden="true"><i>{low}</i><span class="line">{drawn}</span><i>{high}</i></span>'
        f"<p>{'; '.join(words(strip, same))}.</p></div>"
    )


def marks(strip: Strip) -> list[str]:
    """Marks in the order of drawing: the band first, the neuron on top."""
    measured, random, permuted = strip.comparison.measured, strip.comparison.random, strip.comparison.permuted
    spans = [
        span(strip, "band", random.low, random.high),
        span(strip, "middle", random.value),
        span(strip, "shuffled", permuted.value),
        span(strip, "interval", measured.low, measured.high),
        span(strip, "own", measured.value),
    ]
    return [mark for mark in spans if mark]


def span(strip: Strip, kind: str, start: float, end: float | None = None) -> str:
    """A mark from `start` to `end`, or at `start`; empty for an unknown number."""
    ends = (start, start if end is None else end)
    if not np.isfinite(ends).all():
        return ""
    left, right = (100 * (value - strip.low) / (strip.high - strip.low) for value in ends)
    width = "" if end is None else f"; width: {right - left:.2f}%"
    return f'<b class="{kind}" style="left: {left:.2f}%{width}"></b>'


def words(strip: Strip, same: bool) -> list[str]:
    """“4.1 [3.6 to 4.7]”, “random directions: mean 9.8, half of them from 7.1 to 12.9”, “weights shuffled: 4.0”.

    `same`: the embedding does not depend on the weights, so that shuffling changes nothing.
    """
    write, comparison = number(strip.digits), strip.comparison
    parts = [f"<strong>{measure_text(comparison.measured, write)}</strong>"]
    if comparison.n_random:
        random = comparison.random
        ends = f"{write(random.low)} to {write(random.high)}"
        parts.append(f"{comparison.n_random} random directions: mean {write(random.value)}, half of them from {ends}")
    else:
        parts.append("too few random directions of this layer have enough examples for a comparison")
    shuffled = "the same, as this space does not use weights" if same else measure_text(comparison.permuted, write)
    return [*parts, f"weights shuffled: {shuffled}"]


def measure_text(measure: Measure, write) -> str:
    has_interval = np.isfinite([measure.low, measure.high]).all()
    interval = f" [{write(measure.low)} to {write(measure.high)}]" if has_interval else ""
    return write(measure.value) + interval
