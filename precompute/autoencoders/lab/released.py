"""The pair of autoencoders that the paper's author released for MNIST, and the limits for beating it.

Figures of the published weights on the last 2,000 images of MNIST's test set, dead share and distances on its first
8,000; the training set's dead shares are the paper's own (Foote 2024, section 4.3). The classifier is 784-64-10 with a
hidden L0 of 44.6; it classifies 95.75 % of these 2,000 correctly.
"""

import numpy as np

from ne_core.atlas.lab import Lab
from precompute.autoencoders.lab.compare import Setting, Table

SOURCE = "Foote 2024, measured from the published weights on the same images"
RELEASED = {
    "standard": {"l0": 12.4, "fvu": 0.118, "accuracy_lost": 1.15, "dead_share": 0.268, "mean_distance": 0.210},
    "NE": {"l0": 45.9, "fvu": 0.195, "accuracy_lost": 2.65, "dead_share": 0.074, "mean_distance": 0.109},
}
# At least as sparse and as good as the better of the pair, by measure: the limit, and whether it may be met.
TARGETS = {
    "standard": {"l0": ("≤", 12.4), "fvu": ("<", 0.118), "accuracy_lost": ("<", 1.15), "dead_share": ("<", 0.238)},
    "NE": {
        "l0": ("≤", 20.0),
        "fvu": ("≤", 0.118),
        "accuracy_lost": ("≤", 1.0),
        "dead_share": ("≤", 0.037),
        "mean_distance": ("≤", 0.109),
        "effective_inputs": (">", 2.0),
    },
}
TESTS = {"≤": np.less_equal, "<": np.less, ">": np.greater}


def is_mnist(lab: Lab) -> bool:
    """True if the images have MNIST's shape, and the number and division that the released pair was measured on."""
    data = lab.facts["data"]
    return lab.shape == (28, 28) and (data["n_images"], data["n_train"]) == (10_000, 8_000)


def seeds_within_limits(runs: Table, setting: Setting, limits: dict[str, tuple[str, float]]) -> list[str]:
    """Count of the setting's seeds within each limit, and within all; bold where the mean is within it."""
    rows = list(setting.rows)
    within = {name: TESTS[sign](runs[name][rows], limit) for name, (sign, limit) in limits.items()}
    means = [bool(TESTS[sign](runs[name][rows].mean(), limit)) for name, (sign, limit) in limits.items()]
    cells = [
        f"{int(passed.sum())} of {len(rows)}" for passed in (*within.values(), np.all(list(within.values()), axis=0))
    ]
    return [f"**{cell}**" if is_met else cell for cell, is_met in zip(cells, (*means, all(means)), strict=True)]
