"""Training that goes on where it was stopped, to the same weights as if it had not been."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ne_core.method.sae import SAE
from precompute.autoencoders.loss.train import Run, Trainer, Training, batches, finished, no_denormals, started
from precompute.run.checkpoints import Checkpoints

NEVER_ZERO = 1e-12
REFITTED = 2**16  # inputs that the decoder is refitted on, spread over all: products of them are in float64


def train_one(
    x: Float[Tensor, "n d_in"], run: Run, how: Training, kept: Checkpoints, every: int, told: Callable[[int, int], None]
) -> SAE:
    """As `precompute.autoencoders.loss.train.train` of a single run, with its state kept after every so many steps.

    x may be as large as memory: it is scaled where it stands.
    """
    scale = x.square().mean().sqrt().clamp_min(NEVER_ZERO)
    h, generator = x.div_(scale), torch.Generator().manual_seed(run.seed)
    trainer = Trainer(h, started(h, [generator], how.d_sae), [run], how)
    first = restored(trainer, generator, kept.load(0)) if 0 in kept.done() else 0
    told.already(first)
    with no_denormals():
        for step in range(first, how.steps):
            trainer.step(step, batches([generator], len(h), how.batch).to(h.device))
            told(step + 1, how.steps)
            if (step + 1) % every == 0:
                kept.save(0, standing(trainer, generator, step + 1))
    return finished(h[:: -(-len(h) // REFITTED)], trainer.state, 0, float(scale))


def standing(trainer: Trainer, generator: torch.Generator, step: int) -> dict[str, np.ndarray]:
    """All that the next step depends on."""
    tensors = {name: values.detach().cpu().numpy() for name, values in parts(trainer)}
    return {**tensors, "generator": generator.get_state().numpy(), "step": np.array(step)}


@torch.no_grad()
def restored(trainer: Trainer, generator: torch.Generator, arrays: Mapping[str, np.ndarray]) -> int:
    """The trainer as it stood; how many steps it had done."""
    begin(trainer)
    for name, values in parts(trainer):
        values.copy_(torch.from_numpy(arrays[name]))
    generator.set_state(torch.from_numpy(arrays["generator"]))
    return int(arrays["step"])


def begin(trainer: Trainer) -> None:
    """The optimizer's moments, which it makes at its first step."""
    for parameter in trainer.state.parameters():
        moments = {"exp_avg": torch.zeros_like(parameter), "exp_avg_sq": torch.zeros_like(parameter)}
        trainer.optimizer.state[parameter] = {"step": torch.tensor(0.0), **moments}


def parts(trainer: Trainer) -> Iterator[tuple[str, Tensor]]:
    """Every tensor that a step changes, by name."""
    for number, parameter in enumerate(trainer.state.parameters()):
        yield f"weights {number}", parameter
        for name, values in trainer.optimizer.state[parameter].items():
            yield f"{name} {number}", values
    yield "mean", trainer.average.mean
    yield "started", trainer.average.started
    yield "silent", trainer.silent
