"""Layout of the map: every feature is a point near the features that are similar to it.

A t-SNE of the graph of similar features: two phases of gradient descent with momentum, the first with stronger
attraction, which places groups, the second for positions within them. 150,000 features take about half a minute and
0.4 GB; nothing is sampled, so a seed gives the same bytes in any process of one machine.
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
    on_progress: OnProgress = silent,
) -> Float32[np.ndarray, "n 2"]:
    """Return the position of each feature; `ids` are its similar features, padded with −1, and `cosines` theirs."""
    n, steps = len(ids), EARLY + LATE
    if n < 2:
        return np.zeros((n, 2), dtype=np.float32)
    graph = weights(ids, cosines)
    springs, damping = Springs.of(graph), np.maximum(graph.sum(axis=1), 1)[:, None]  # hubs would overshoot
    points = start(graph, np.random.default_rng(seed)) * np.float32(np.sqrt(n) / SPREAD)
    velocity = np.zeros_like(points)
    for step in range(steps):
        attraction = STRONGER if step < EARLY else 1
        repelled, total = repulsion(points)
        force = springs.pull(points) + repelled * np.float32(n / total / attraction)
        velocity = np.float32(MOMENTUM) * velocity + np.float32(STEP) * force / damping
        points = points + velocity
        on_progress(step + 1, steps)
    return points - points.mean(axis=0)
