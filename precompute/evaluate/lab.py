"""The lab of an atlas in tables: every setting over its seeds, NE against standard at matched L0, and the front.

Reconstruction is held out; distances, features and inputs are over the images that were trained on. Intervals are 95 %,
Student's t over seeds: each seed draws an autoencoder's weights and batches anew, on one and the same classifier.
"""

from collections.abc import Sequence

import numpy as np

from ne_core.atlas import Atlas
from ne_core.atlas.lab import Lab
from ne_core.lab.sweep import SEVERAL
from precompute.autoencoders.lab.compare import Estimate, Setting, Table, front, matched, settings
from precompute.autoencoders.lab.released import RELEASED, SOURCE, TARGETS, is_mnist, reached
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
LEGEND = """\
L0: active latents an image. FVU: share of the hidden layer's variance that the reconstruction leaves. Accuracy lost:
points, when the classifier reads the reconstruction. Dead: share of latents that no training image activates.
Distances: cosine, between neuron embeddings of a latent's first 100 training images, mean over latents. Features:
clusters of these at the cut. Inputs read: effective number, 1 / Σ p², median over latents: a latent that reads one
input has distance 0 by construction. Size: training images that activate a latent, median. ★: no setting that reads
two inputs or more is better in L0, FVU and mean distance."""
FRONT = ("l0", "fvu", "mean_distance")


class NoLabError(ValueError):
    """The atlas has no lab; the message says in one line what would have worked."""


def evaluate_lab(atlas: Atlas) -> Report:
    """Raises NoLabError for an atlas without a lab."""
    lab = atlas.lab
    if lab is None:
        raise NoLabError(f"{atlas.root} holds no lab: one that `python -m precompute lab` has made does")
    name = atlas.root.name
    parts = [
        about(lab),
        every_setting(lab),
        LEGEND,
        "NE less standard at the same L0, each seed against the curve of its own standard runs:",
        at_matched_l0(lab.runs),
    ]
    if is_mnist(lab):
        parts += [f"Against the released pair ({SOURCE}):", *against_released(lab.runs)]
    return Report("\n\n".join(parts), figures(name, lab.runs))


def about(lab: Lab) -> str:
    data, mlp, how = lab.facts["data"], lab.facts["mlp"], lab.facts["settings"]
    return (
        f"{data['name']}: {data['n_images']:,} images, the first {data['n_train']:,} trained on. Classifier "
        f"{lab.mlp.W_in.shape[0]}-{lab.mlp.d_hidden}-{len(lab.classes)}: {mlp['accuracy_test']:.2%} of the held-out "
        f"images right ({mlp['accuracy_train']:.2%} of the others), hidden L0 {mlp['hidden_l0']:.1f}. Autoencoders of "
        f"{lab.d_sae} latents, {how['steps']:,} steps of {how['batch']} images; the neuron-embedding term counts "
        f"{how['ne_over']} alike. Cut {lab.facts['cut']:g}."
    )


def every_setting(lab: Lab) -> str:
    """Every λ1 and λ2, and the dictionary of single inputs."""
    of = settings(lab.runs)
    best = on_front(lab.runs, of)
    rows = [
        [words(setting) + (" ★" if star else ""), *(str(setting.of(lab.runs, name)) for name in COLUMNS)]
        for setting, star in zip(of, best, strict=True)
    ]
    alone = ["identity: each hidden neuron a latent", *(f"{lab.facts['identity'][name]:.3g}" for name in COLUMNS)]
    return markdown(["λ1, λ2", *COLUMNS.values()], [*rows, alone])


def on_front(runs: Table, of: Sequence[Setting]) -> np.ndarray:
    """Among the settings whose median latent reads several inputs."""
    several = np.array([reads_several(runs, setting) for setting in of])
    values = np.array([[setting.of(runs, name).mean for name in FRONT] for setting in of])
    found = np.zeros(len(of), dtype=bool)
    found[several] = front(values[several])
    return found


def reads_several(runs: Table, setting: Setting) -> bool:
    return setting.of(runs, "effective_inputs").mean >= SEVERAL


def words(setting: Setting) -> str:
    return f"{setting.lambda1:g}, {setting.lambda2:g}"


def at_matched_l0(runs: Table) -> str:
    shown = {name: title for name, title in COLUMNS.items() if name != "l0"}
    rows = [compared(runs, setting, shown) for setting in settings(runs) if setting.lambda2 > 0]
    return markdown(["λ1, λ2", "L0", *shown.values()], rows)


def compared(runs: Table, setting: Setting, shown: dict[str, str]) -> list[str]:
    found = matched(runs, setting)
    cells = ["no standard run is as dense or as sparse"] if found is None else [signed(found[name]) for name in shown]
    return [words(setting), str(setting.of(runs, "l0")), *cells, *[""] * (len(shown) - len(cells))]


def signed(found: Estimate) -> str:
    return f"{found.mean:+.3g}" + ("" if np.isnan(found.half) else f" ± {found.half:.2g}")


def against_released(runs: Table) -> list[str]:
    """What was released, and for each kind the settings that are at least as good in everything asked."""
    released = [[kind, *(text(found.get(name)) for name in COLUMNS)] for kind, found in RELEASED.items()]
    found = [markdown(["released", *COLUMNS.values()], released)]
    for kind, asked in TARGETS.items():
        of = [each for each in settings(runs) if (each.lambda2 > 0) == (kind == "NE")]
        rows = [[words(each), *reached(runs, each, asked)] for each in of]
        limits = [f"{COLUMNS[name]} {sign} {limit:g}" for name, (sign, limit) in asked.items()]
        found.append(markdown([f"{kind}: seeds that reach", *limits, "all"], rows))
    return found


def text(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def figures(atlas: str, runs: Table) -> tuple[Figure, ...]:
    """The pair of settings that is of one meaning most: its mean distance, and the difference at matched L0."""
    of = [each for each in settings(runs) if each.lambda2 > 0 and reads_several(runs, each)]
    if not of:
        return ()
    best = min(of, key=lambda each: each.of(runs, "mean_distance").mean)
    found = [Figure(f"lab_ne_{name}_{atlas}", best.of(runs, name).mean, unit(name)) for name in COLUMNS]
    less = matched(runs, best)
    if less is not None:
        found.append(Figure(f"lab_mean_distance_less_standard_{atlas}", less["mean_distance"].mean, "cosine_distance"))
    return tuple(found)


def unit(name: str) -> str:
    distances = ("mean_distance", "max_distance")
    return {"accuracy_lost": "points"}.get(name, "cosine_distance" if name in distances else "number")


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that reads as text and is drawn by what shows Markdown."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
