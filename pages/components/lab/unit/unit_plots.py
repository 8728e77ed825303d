"""Small figures of a unit of the lab: its effects on the logits by class, and the histogram of its activations."""

from itertools import pairwise

import numpy as np

from ne_core.atlas.lab import Lab
from ne_core.lab.units import Unit
from pages.components.text.lab_words import written
from pages.components.widgets.plots.plot_axes import count_axis, level_axis, log_count, value_axis
from pages.components.widgets.plots.small_plot import Axis, Bar, plotted

BINS = 30
LONGEST = 9  # characters of a class below its bar


def effects_plot(lab: Lab, unit: Unit, noun: str) -> dict:
    """Effects on the logits, less the mean over the classes, which changes no prediction."""
    effects = (unit.effects - unit.effects.mean()).tolist()
    bars = [
        Bar(x - 0.5, x + 0.5, effect, f"{name}: {written(effect, '+.3f')} per unit of activation")
        for x, (name, effect) in enumerate(zip(lab.classes, effects, strict=True))
    ]
    below = [(x, name if len(name) <= LONGEST else name[: LONGEST - 1] + "…") for x, name in enumerate(lab.classes)]
    return plotted(
        bars,
        Axis(-0.5, len(bars) - 0.5, "class", below),
        level_axis(min(effects), max(effects), "logit per unit of activation"),
        label=f"Direct effect of the {noun} on the logit of each class.",
    )


def activations_plot(unit: Unit, noun: str) -> dict:
    """Histogram of activations over all images, inactive ones included."""
    high = float(unit.activation.max()) or 1.0
    counts, edges = np.histogram(unit.activation, BINS, (0.0, high))
    bars = [
        Bar(low, top, log_count(count), f"{written(low, '.2f')} to {written(top, '.2f')}: {count:,} images")
        for (low, top), count in zip(pairwise(edges.tolist()), counts.tolist(), strict=True)
    ]
    return plotted(
        bars,
        value_axis(0.0, high, "activation"),
        count_axis(int(counts.max()), "images"),
        label=f"Number of images by activation of the {noun}, from 0 to {high:.2f}.",
    )
