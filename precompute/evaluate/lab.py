"""Tables of a lab: every setting over its seeds, NE against standard at matched L0, and the Pareto front.

Reconstruction is on held-out images; distances, features and inputs are on training images. Intervals are 95 %,
Student's t over seeds: each seed draws an autoencoder's weights and batches anew, on the same classifier.
"""

from collections.abc import Sequence

import numpy as np

from ne_core.atlas import Atlas
from ne_core.atlas.lab import Lab
from ne_core.lab.sweep import SEVERAL
from precompute.autoencoders.lab.compare import (
    Estimate,
    Setting,
    Table,
    difference_at_matched_l0,
    pareto_front,
    settings,
)
from precompute.autoencoders.lab.released import RELEASED, SOURCE, TARGETS, is_mnist, seeds_within_limits
from precompute.report import Figure, Report

COLUMNS = {
    "l0": "L0",
    "fvu": "FVU",
    "accuracy_lost": "accuracy lost",
    "dead_share": "dead",
    "mean_distance": "mean distance",
    "max_distance": "max distance",
    "n_features": "features",
    "effective_inputs": "inputs read",
    "effective_inputs_q25": "lower quartile",
    "size": "size",
}
NE_OVER = {
    "latents": "weighs latents equally",
    "pairs": "weighs pairs equally",
    "inputs": "is a sum for each input",
}
LEGEND = """\
L0: active latents per image. FVU: share of the hidden layer's variance that the reconstruction misses. Accuracy lost:
points, when the classifier reads the reconstruction. Dead: share of latents that no training image activates.
Distances: cosine, between neuron embeddings of a latent's first 100 training images, mean over latents. Features:
clusters of these at the cut. Inputs read: effective number, 1 / Σ p², median over latents: a latent that reads one
input has distance 0 by construction. Size: training images that activate a latent, median. ★: no setting that reads
two inputs or more is better in L0, FVU and mean distance."""
FRONT = ("l0", "fvu", "mean_distance")


class NoLabError(ValueError):
    """The atlas has no lab; the message says in one line what is needed."""


def evaluate_lab(atlas: Atlas) -> Report:
    """Return the tables and figures of the atlas's lab. Raises NoLabError for an atlas without a lab."""
    lab = atlas.lab
    if lab is None:
        raise NoLabError(f"{atlas.root} holds no lab: give an atlas that `python -m precompute lab` built")
    name = atlas.root.name
    parts = [
        summary(lab),
        every_setting(lab),
        LEGEND,
        "NE minus standard at the same L0, each seed against the curve of its own standard runs:",
        matched_l0_table(lab.runs),
    ]
    if is_mnist(lab):
        parts += [f"Against the released pair ({SOURCE}):", *against_released(lab.runs)]
    return Report("\n\n".join(parts), figures(name, lab.runs))


def summary(lab: Lab) -> str:
    """Summary of the data, the classifier and the training."""
    data, mlp, training = lab.facts["data"], lab.facts["mlp"], lab.facts["settings"]
    waking = "" if training["waking"] else "; silent latents are not woken"
    return (
        f"{data['name']}: {data['n_images']:,} images, the first {data['n_train']:,} trained on. Classifier "
        f"{lab.mlp.W_in.shape[0]}-{lab.mlp.d_hidden}-{len(lab.classes)}: {mlp['accuracy_test']:.2%} of the held-out "
        f"images right ({mlp['accuracy_train']:.2%} of the others), hidden L0 {mlp['hidden_l0']:.1f}. Autoencoders of "
        f"{lab.d_sae} latents, {training['steps']:,} steps of {training['batch']} images; the neuron-embedding term "
        f"{NE_OVER[training['ne_over']]}{waking}. Cut {lab.facts['cut']:g}."
    )


def every_setting(lab: Lab) -> str:
    """Table of all λ1 and λ2, and of the dictionary of single inputs."""
    all_settings = settings(lab.runs)
    stars = on_front(lab.runs, all_settings)
    rows = [
        [words(setting) + (" ★" if has_star else ""), *(str(setting.estimate(lab.runs, name)) for name in COLUMNS)]
        for setting, has_star in zip(all_settings, stars, strict=True)
    ]
    identity = ["identity: each hidden neuron a latent", *(f"{lab.facts['identity'][name]:.3g}" for name in COLUMNS)]
    return markdown(["λ1, λ2", *COLUMNS.values()], [*rows, identity])


def on_front(runs: Table, all_settings: Sequence[Setting]) -> np.ndarray:
    """Mask of the settings on the Pareto front, among those whose median latent reads several inputs."""
    several = np.array([reads_several(runs, setting) for setting in all_settings])
    values = np.array([[setting.estimate(runs, name).mean for name in FRONT] for setting in all_settings])
    mask = np.zeros(len(all_settings), dtype=bool)
    mask[several] = pareto_front(values[several])
    return mask


def reads_several(runs: Table, setting: Setting) -> bool:
    return setting.estimate(runs, "effective_inputs").mean >= SEVERAL


def words(setting: Setting) -> str:
    return f"{setting.lambda1:g}, {setting.lambda2:g}"


def matched_l0_table(runs: Table) -> str:
    columns = {name: title for name, title in COLUMNS.items() if name != "l0"}
    rows = [matched_l0_row(runs, setting, columns) for setting in settings(runs) if setting.lambda2 > 0]
    return markdown(["λ1, λ2", "L0", *columns.values()], rows)


def matched_l0_row(runs: Table, setting: Setting, columns: dict[str, str]) -> list[str]:
    difference = difference_at_matched_l0(runs, setting)
    cells = (
        ["outside the L0 of the standard runs"]
        if difference is None
        else [signed(difference[name]) for name in columns]
    )
    return [words(setting), str(setting.estimate(runs, "l0")), *cells, *[""] * (len(columns) - len(cells))]


def signed(estimate: Estimate) -> str:
    return f"{estimate.mean:+.3g}" + ("" if np.isnan(estimate.half) else f" ± {estimate.half:.2g}")


def against_released(runs: Table) -> list[str]:
    """Table of the released pair, and for each kind the seeds of each setting within its limits."""
    released = [[kind, *(text(measures.get(name)) for name in COLUMNS)] for kind, measures in RELEASED.items()]
    tables = [markdown(["released", *COLUMNS.values()], released)]
    for kind, limits in TARGETS.items():
        all_settings = [each for each in settings(runs) if (each.lambda2 > 0) == (kind == "NE")]
        rows = [[words(each), *seeds_within_limits(runs, each, limits)] for each in all_settings]
        heads = [f"{COLUMNS[name]} {sign} {limit:g}" for name, (sign, limit) in limits.items()]
        tables.append(markdown([f"{kind}: seeds that reach", *heads, "all"], rows))
    return tables


def text(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def figures(atlas: str, runs: Table) -> tuple[Figure, ...]:
    """Figures of the NE setting with the least mean distance, and its difference at matched L0."""
    candidates = [each for each in settings(runs) if each.lambda2 > 0 and reads_several(runs, each)]
    if not candidates:
        return ()
    best = min(candidates, key=lambda each: each.estimate(runs, "mean_distance").mean)
    all_figures = [Figure(f"lab_ne_{name}_{atlas}", best.estimate(runs, name).mean, unit(name)) for name in COLUMNS]
    difference = difference_at_matched_l0(runs, best)
    if difference is not None:
        all_figures.append(
            Figure(f"lab_mean_distance_less_standard_{atlas}", difference["mean_distance"].mean, "cosine_distance")
        )
    return tuple(all_figures)


def unit(name: str) -> str:
    distances = ("mean_distance", "max_distance")
    return {"accuracy_lost": "points"}.get(name, "cosine_distance" if name in distances else "number")


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Table in Markdown, readable as text."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
