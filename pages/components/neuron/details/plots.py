"""Small figures of a neuron's details, for the page (details.py) and for files (export.py)."""

from itertools import pairwise

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.half import number
from ne_core.method.logits import LogitEffects
from ne_core.numbers import fixed, signed
from ne_core.queries.activations import example_histogram
from ne_core.queries.attribution import Attribution
from ne_core.queries.by_distance import ByDistance
from ne_core.refs import NeuronRef
from ne_core.text.token_text import spelled
from pages.components.neuron.details.why import named_parts
from pages.components.widgets.plots.plot_axes import count_axis, level_axis, log_count, value_axis
from pages.components.widgets.plots.small_plot import Axis, Bar, Series, plotted

LONGEST = 16  # characters of a token below its bar


def importance_plot(selected: ByDistance, others: ByDistance, what: str, colour: str | None, unit: str) -> dict:
    """Mean importance by distance from the key token, of a feature or branch (`what`) and of the other examples."""
    bars = [importance_bar(selected, i) for i in np.flatnonzero(selected.count)[::-1].tolist()]
    points = [(-1.0 - i, float(others.mean[i])) for i in np.flatnonzero(others.count)[::-1].tolist()]
    farthest = len(selected.count)
    ticks = [(-float(i), f"−{i}") for i in range(1, farthest + 1) if farthest <= 12 or i == 1 or i % 5 == 0]
    ends = [end for bar in bars for end in (bar.low, bar.high)] + [y for _, y in points]
    return plotted(
        bars,
        Axis(-farthest - 0.5, -0.5, "tokens before the key token", ticks),
        level_axis(min(ends), max(ends), "mean importance (share)"),
        label=f"Mean importance by distance from the key token: {what}.",
        title=what,
        line=Series(f"the {unit}’s other examples", points) if points else None,
        colour=colour,
    )


def importance_bar(values: ByDistance, i: int) -> Bar:
    mean, spread, count = float(values.mean[i]), float(values.spread[i]), int(values.count[i])
    words = f"−{i + 1}: mean {signed(mean)}, standard deviation {spread:.2f}, {count:,} token{'s' * (count != 1)}"
    return Bar(-i - 1.5, -i - 0.5, mean, words, mean - spread, mean + spread)


def activations_plot(atlas: Atlas, ref: NeuronRef) -> dict:
    """Histogram of activations, with the maximum and the threshold that examples reach."""
    histogram, maximum = atlas.histogram(ref), float(atlas.neurons["maximum"][atlas.neuron_row(ref)])
    keep = kept_share(atlas) * maximum
    thresholds = [(keep, f"threshold {fixed(keep)}"), (maximum, f"maximum {fixed(maximum)}")]
    marks = [mark for mark in thresholds if np.isfinite(mark[0])]
    ends = [histogram.low, histogram.high, *(value for value, _ in marks)]
    thing = "image" if atlas.manifest.images else "position"
    bars = [
        Bar(low, high, log_count(count), f"{low:.2f} to {high:.2f}: {count:,} {thing}{'s' * (count != 1)}")
        for (low, high), count in zip(pairwise(histogram.edges.tolist()), histogram.counts.tolist(), strict=True)
    ]
    return plotted(
        bars,
        value_axis(min(ends), max(ends), "activation"),
        count_axis(int(histogram.counts.max()), f"{thing}s"),
        label=f"Number of sampled {thing}s by activation, from {number(histogram.low)} to {number(histogram.high)}.",
        marks=marks,
    )


def examples_plot(atlas: Atlas, activations: Float[np.ndarray, " n"], what: str, colour: str | None) -> dict:
    """Histogram of the activations of a feature's or branch's examples, one of them finite at least, and their mean."""
    histogram, mean = example_histogram(activations), float(activations[np.isfinite(activations)].mean())
    bars = [
        Bar(low, high, count, f"{low:.2f} to {high:.2f}: {count:,} example{'s' * (count != 1)}")
        for (low, high), count in zip(pairwise(histogram.edges.tolist()), histogram.counts.tolist(), strict=True)
    ]
    return plotted(
        bars,
        value_axis(histogram.low, histogram.high, atlas.manifest.vocabulary.activation),
        level_axis(0, int(histogram.counts.max()), "examples"),
        label=f"Number of examples of {what} by activation.",
        marks=[(mean, f"mean {fixed(mean)}")],
        colour=colour,
    )


def kept_share(atlas: Atlas) -> float:
    """Share of the maximum that a neuron's examples reach; NaN if the manifest has no valid number."""
    share = atlas.manifest.keep
    whole = type(share) is int and share in (0, 1)
    return float(share) if whole or isinstance(share, float) else np.nan


def effects_plot(atlas: Atlas, effects: LogitEffects, ref: NeuronRef) -> dict:
    """Bars by token: most raised at the left, most lowered at the right, with a gap between them."""
    first = len(effects.raised) + 1
    placed = [*enumerate(effects.raised), *enumerate(effects.lowered[::-1], first)]
    names = [spelled(atlas.vocab[token]) for _, (token, _) in placed]
    bars = [
        Bar(x - 0.5, x + 0.5, effect, f"{name}: {signed(effect)}")
        for name, (x, (_, effect)) in zip(names, placed, strict=True)
    ]
    below = [(x, cropped(name)) for name, (x, _) in zip(names, placed, strict=True)]
    ends = [effect for _, (_, effect) in placed]
    outputs = atlas.manifest.vocabulary.outputs
    axis = f"{outputs} raised most, {outputs} lowered most"
    return plotted(
        bars,
        Axis(-0.5, first + len(effects.lowered) - 0.5, axis, below),
        level_axis(min(ends), max(ends), "logit per unit of activation"),
        label=f"Direct effect of {ref_name(atlas.manifest, ref)} on the logits.",
    )


def why_plot(atlas: Atlas, attribution: Attribution, ref: NeuronRef, what: str) -> dict:
    """Bars of the parts of the pre-activation that the page shows, and their sum at the right after a gap."""
    parts = named_parts(attribution)
    placed = [*enumerate(parts), (len(parts) + 1, ("pre-activation", attribution.total))]
    return plotted(
        [Bar(x - 0.5, x + 0.5, value, f"{name}: {signed(value)}") for x, (name, value) in placed],
        Axis(-0.5, len(parts) + 1.5, "parts, and their sum", [(x, name) for x, (name, _) in placed]),
        level_axis(*(end(value for _, (_, value) in placed) for end in (min, max)), "mean pre-activation"),
        label=f"Parts of the mean pre-activation of {what} of {ref_name(atlas.manifest, ref)}.",
    )


def cropped(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
