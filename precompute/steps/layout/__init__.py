"""The map: every feature as a point, near the features that are similar to it.

A t-SNE of the graph of similar features: two phases of gradient descent with momentum, the first with stronger
attraction, which settles where groups lie, the second for what lies beside what. 150,000 features take about half a
minute and 0.4 GB; nothing is sampled, so a seed gives the same bytes in any process of one machine.
"""

import numpy as np
from jaxtyping import Float32, Inexact, Int

from precompute.run.progress import OnProgress, silent
from precompute.steps.layout.forces import Springs, repulsion
from precompute.steps.layout.graph import weights
from precompute.steps.layout.start import start

EARLY, LATE = 50, 250  # steps of each phase
STRONGER = 4  # attraction in the first phase, times that of the second
STEP, MOMENTUM = 3.0, 0.9  # stable below STEP × 1.2 (largest eigenvalue of a clique's Laplacian) = 2 (1 + MOMENTUM)
SPREAD = 20  # the start's half side is √n over this, a tenth of where it ends


def layout(
    ids: Int[np.ndarray, "n k"],
    cosines: Inexact[np.ndarray, "n k"],
    seed: int,
    progress: OnProgress = silent,
) -> Float32[np.ndarray, "n 2"]:
    """Where each feature stands; `ids` are its similar features, −1 where there are fewer, and `cosines` theirs."""
    n, steps = len(ids), EARLY + LATE
    if n < 2:
        return np.zeros((n, 2), dtype=np.float32)
    graph = weights(ids, cosines)
    springs, damping = Springs.of(graph), np.maximum(graph.sum(axis=1), 1)[:, None]  # hubs would overshoot
    at = start(graph, np.random.default_rng(seed)) * np.float32(np.sqrt(n) / SPREAD)
    moving = np.zeros_like(at)
    for step in range(steps):
        stronger = STRONGER if step < EARLY else 1
        apart, total = repulsion(at)
        force = springs.pull(at) + apart * np.float32(n / total / stronger)
        moving = np.float32(MOMENTUM) * moving + np.float32(STEP) * force / damping
        at = at + moving
        progress(step + 1, steps)
    return at - at.mean(axis=0)
