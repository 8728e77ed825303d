"""Texts of the SAE lab: names of measures and runs, and the format of numbers."""

from dataclasses import dataclass

import numpy as np

from ne_core.atlas.lab import Lab
from ne_core.numbers import typeset

KINDS = {"standard": "standard SAE", "ne": "NE SAE"}


@dataclass(frozen=True)
class Measure:
    """A measure of runs: `title` with its unit, for an axis; `style`, its format of numbers; the better direction."""

    title: str
    short: str
    style: str
    less_is_better: bool | None = True


MEASURES = {
    "fvu": Measure("Variance unexplained (FVU)", "FVU", ".3f"),
    "accuracy_lost": Measure("Accuracy lost, points", "Accuracy lost", ".2f"),
    "mean_distance": Measure("Mean distance of neuron embeddings", "Mean distance", ".3f"),
    "max_distance": Measure("Highest distance of neuron embeddings", "Max distance", ".3f"),
    "n_features": Measure("Features per latent", "Features", ".1f"),
    "dead_share": Measure("Share of dead latents", "Dead", ".1%"),
    "effective_inputs": Measure("Effective inputs of the median latent", "Effective inputs", ".1f", None),
    "size": Measure("Activating images of the median latent", "Images per latent", ".0f", None),
}
L0 = Measure("Active latents per image (L0)", "L0", ".1f")


def written(value: float, style: str) -> str:
    if not np.isfinite(value):
        return "–"
    text = f"{value:{style}}"
    return typeset("0" if float(text.rstrip("%")) == 0 and "%" not in text else text)


def run_name(lab: Lab, run: int) -> str:
    """“standard SAE, run 6”."""
    return f"{KINDS[lab.kind(run)]}, run {run}"


def run_settings(lab: Lab, run: int) -> str:
    """“λ₁ 0.1 · λ₂ 0.5 · seed 0”."""
    l1, l2, seed = (lab.runs[name][run].item() for name in ("lambda1", "lambda2", "seed"))
    return f"λ₁ {l1:g} · λ₂ {l2:g} · seed {seed}"


def ordered(lab: Lab, runs: tuple[int, int]) -> list[int]:
    """Sort two runs for a comparison: a standard one first."""
    return sorted(runs, key=lambda run: (lab.kind(run) == "ne", run))
