"""Examples of random directions over all positions, against a loop over the inputs of the whole corpus."""

import numpy as np
import pytest
import torch

from precompute.corpus import may_be_key, special_ids
from precompute.evaluate.chance_directions import SEED, corpus_directions
from precompute.steps.directions import draw_directions

KEEP, MOST, N = 0.6, 7, 25


@pytest.mark.parametrize("kind", ["folded"])
def test_examples_match_a_loop_over_all_positions(kind, reader):
    reader, steps = reader(kind), []
    atlas = reader.atlas
    tokens, lengths = (np.array(each, dtype=np.int64) for each in (atlas.tokens, atlas.lengths))
    counted, inputs = may_be_key(tokens, lengths, special_ids(reader.source.tokenizer)), {}
    reader.source.read(
        torch.from_numpy(tokens),
        torch.from_numpy(lengths),
        lambda part: inputs.update({part.layer: reader.source.inputs(part.layer, part.x).numpy()}),
    )
    layers = dict(corpus_directions(reader, N, (KEEP, MOST), lambda: steps.append(1)))
    assert len(steps) == 2
    for layer, random in layers.items():
        W, b = draw_directions(atlas.weights(layer), N, np.random.default_rng([SEED, layer]))
        np.testing.assert_array_equal(random.W, W)
        for i in range(N):
            np.testing.assert_allclose(random.x[i], expected(inputs[layer], counted, W[:, i], b[i]), atol=2e-3)
    assert any(len(x) == MOST for x in random.x)


def expected(x: np.ndarray, counted: np.ndarray, w: np.ndarray, b: float) -> np.ndarray:
    """Inputs of the examples of one direction."""
    best = []
    for row, mask in zip(x, counted, strict=True):
        z = {pos: float(row[pos] @ w + b) for pos in np.flatnonzero(mask)}
        best.append(max(z.items(), key=lambda each: each[1]) if z else (0, -np.inf))
    top = max(value for _, value in best)
    selected = [x[i, pos] for i, (pos, value) in enumerate(best) if value > 0 and value >= KEEP * top]
    return np.array(selected[:MOST]).reshape(-1, x.shape[2])
