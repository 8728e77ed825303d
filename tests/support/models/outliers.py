"""A tiny GPT-2 with one neuron beyond half precision at outlier positions, and optionally one at ordinary tokens."""

from pathlib import Path

import numpy as np
import torch
from transformers import GPT2LMHeadModel

from tests.precompute.run.test_build import WORDS
from tests.support.tiny_models import tiny_checkpoint

LAYER, OUTLYING, LARGE, PLAIN = 1, 5, 7, 9  # two changed neurons of the layer, and an unchanged one
PEAK = 80_000  # activation of the outlying neuron at position 0 and at the special token


def outlying_checkpoint(folder: Path, large: bool = False) -> Path:
    """Save the checkpoint; `large`: ordinary tokens activate one neuron beyond half precision."""
    tiny_checkpoint("gpt2", folder)
    model, axis = GPT2LMHeadModel.from_pretrained(folder), direction()
    body, block = model.transformer, model.transformer.h[LAYER]
    with torch.no_grad():
        for embedding in (body.wpe.weight[0], body.wte.weight[0]):  # position 0, and <|endoftext|>
            embedding += 1000 * axis
        block.ln_2.weight.fill_(1)
        block.ln_2.bias.zero_()
        # x̂ · axis is 4 where the stream is parallel to it, and at most about 1 at ordinary tokens
        block.mlp.c_fc.weight[:, OUTLYING] = PEAK / 4 * axis
        block.mlp.c_fc.bias[OUTLYING] = 0
        if large:
            block.mlp.c_fc.weight[:, LARGE] = 60_000 * torch.tensor([1.0, 1.0, -1.0, -1.0] * 4)
        for neuron in (OUTLYING, LARGE):
            block.mlp.c_proj.weight[neuron] *= 1e-7
    model.save_pretrained(folder)
    return folder


def direction() -> torch.Tensor:
    """Return a vector of length 1 and mean 0, in 16 dimensions."""
    return torch.tensor([1.0, -1.0] * 8) / 4


def corpus(file: Path) -> Path:
    """Write short documents, so that most packed windows contain a special token between documents."""
    rng = np.random.default_rng(0)
    texts = (" ".join(rng.choice(WORDS.split(), size=rng.integers(5, 20))) for _ in range(120))
    file.write_text("\n\n".join(texts))
    return file
