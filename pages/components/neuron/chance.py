"""A neuron against chance: what it measures, how sure that is, and what random directions of its layer have."""

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
    """One measure as a line from `low` to `high`; `fewer` and `more` say how it compares."""

    title: str
    found: ChanceComparison
    low: int | float
    high: int | float
    digits: int
    fewer: str
    more: str


def show_chance(atlas: Atlas, ref: NeuronRef) -> None:
    """Or why there is nothing to compare with."""
    found = against_chance(atlas, ref)
    if found is None:
        st.caption(unknown(atlas))
        return
    same = not reads_weights(atlas.manifest.embedding)
    rows = "".join(strip_html(strip, same) for strip in strips(found))
    st.html(f'<div class="ne-chance">{rows}</div>')
    st.caption(
        f"At the atlas’s cut, {atlas.manifest.default_cut:g}; features over {found.n_sets} random sets of {found.n} "
        f"examples, since more examples make more features. Dot and line: this {atlas.manifest.vocabulary.unit} with "
        "its 95 % interval. Band: where 95 % of the random directions lie, with their mean. Diamond: its own examples "
        "with its weights shuffled."
    )


def unknown(atlas: Atlas) -> str:
    """What stands in its place."""
    facts, words = atlas.manifest.rarefied, atlas.manifest.vocabulary
    if facts is None:
        return (
            f"More examples make more features: compare this count only with {words.units} of as many examples. This "
            "atlas holds no random directions that would tell what chance makes."
        )
    return (
        f"Fewer than {facts.examples} examples: too few to compare this {words.unit} with others or with "
        "random directions."
    )


def strips(found: Chance) -> list[Strip]:
    far = max(1.0, ends_of(found.distance))
    return [
        Strip(f"Features at {found.n} examples", found.features, 1, found.n, 1, "fewer than", "more than"),
        Strip("Mean distance", found.distance, 0, far, 2, "less than", "more than"),
    ]


def ends_of(found: ChanceComparison) -> float:
    """The largest number that is drawn."""
    values = [each for m in (found.measured, found.random, found.permuted) for each in (m.value, m.high)]
    return float(np.nanmax(values))


def strip_html(strip: Strip, same: bool) -> str:
    """A picture for those who see it, and the same in words."""
    write, found = number(strip.digits), strip.found
    drawn = "".join(marks(strip))
    low, high = write(strip.low).removesuffix(".0"), write(strip.high).removesuffix(".0")
    return (
        f"<div><strong>{escape(strip.title)}</strong>"
        f'<span class="strip" aria-hidden="true"><i>{low}</i><span class="line">{drawn}</span><i>{high}</i></span>'
        f"<p>{'; '.join(words(strip, found, same))}.</p></div>"
    )


def marks(strip: Strip) -> list[str]:
    """The band first, the neuron on top."""
    own, random, permuted = strip.found.measured, strip.found.random, strip.found.permuted
    found = [
        span(strip, "band", random.low, random.high),
        span(strip, "middle", random.value),
        span(strip, "shuffled", permuted.value),
        span(strip, "interval", own.low, own.high),
        span(strip, "own", own.value),
    ]
    return [mark for mark in found if mark]


def span(strip: Strip, kind: str, start: float, end: float | None = None) -> str:
    """Nothing for what is not known."""
    if not np.isfinite([start, start if end is None else end]).all():
        return ""
    left, right = (100 * (at - strip.low) / (strip.high - strip.low) for at in (start, start if end is None else end))
    width = "" if end is None else f"; width: {right - left:.2f}%"
    return f'<b class="{kind}" style="left: {left:.2f}%{width}"></b>'


def words(strip: Strip, found: ChanceComparison, same: bool) -> list[str]:
    """“4.1 [3.6 to 4.7]”, “random directions 9.8 [7.1 to 12.9]: fewer than 96 % of them”, and shuffled."""
    write = number(strip.digits)
    said = [f"<strong>{measured(found.measured, write)}</strong>"]
    if found.n_random:
        verdict = f"{strip.more} {found.below:.0%}" if found.below >= 0.5 else f"{strip.fewer} {1 - found.below:.0%}"
        said.append(f"random directions {measured(found.random, write)}: {verdict.replace('%', ' %')} of them")
    else:
        said.append("too few random directions of this layer have as many examples to compare it with")
    shuffled = "the same, as this space does not read them" if same else measured(found.permuted, write)
    return [*said, f"weights shuffled {shuffled}"]


def measured(found: Measure, write) -> str:
    ends = np.isfinite([found.low, found.high]).all()
    return write(found.value) + (f" [{write(found.low)} to {write(found.high)}]" if ends else "")
