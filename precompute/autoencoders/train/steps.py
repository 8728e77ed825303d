"""Training with checkpoints: a resumed run ends with the same weights as one that was not stopped."""

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ne_core.method.sae import SAE
from precompute.autoencoders.loss.train import Run, Trainer, Training, batches, final_sae, initial_state, no_denormals
from precompute.run.checkpoints import Checkpoints
from precompute.run.progress import Stage

NEVER_ZERO = 1e-12
MAX_REFIT_INPUTS = 2**16  # inputs that the decoder is refitted on, spread over all: their products are in float64


def train_one(
    x: Float[Tensor, "n d_in"], run: Run, training: Training, checkpoints: Checkpoints, every: int, stage: Stage
) -> SAE:
    """Train one run as `loss.train.train` does, with a checkpoint after every `every` steps.

    x may be as large as memory: it is scaled in place.
    """
    scale = x.square().mean().sqrt().clamp_min(NEVER_ZERO)
    h, generator = x.div_(scale), torch.Generator().manual_seed(run.seed)
    trainer = Trainer(h, initial_state(h, [generator], training.d_sae), [run], training)
    first_step = restore(trainer, generator, checkpoints.load(0)) if 0 in checkpoints.done() else 0
    stage.already(first_step)
    with no_denormals():
        for step in range(first_step, training.steps):
            trainer.step(step, batches([generator], len(h), training.batch).to(h.device))
            stage(step + 1, training.steps)
            if (step + 1) % every == 0:
                checkpoints.save(0, checkpoint_arrays(trainer, generator, step + 1))
    return final_sae(h[:: -(-len(h) // MAX_REFIT_INPUTS)], trainer.state, 0, float(scale))


def checkpoint_arrays(trainer: Trainer, generator: torch.Generator, step: int) -> dict[str, np.ndarray]:
    """State of training: everything that the next step depends on."""
    tensors = {name: values.detach().cpu().numpy() for name, values in changing_tensors(trainer)}
    return {**tensors, "generator": generator.get_state().numpy(), "step": np.array(step)}


@torch.no_grad()
def restore(trainer: Trainer, generator: torch.Generator, arrays: Mapping[str, np.ndarray]) -> int:
    """Load a checkpoint into the trainer; return the number of steps done."""
    create_moments(trainer)
    for name, values in changing_tensors(trainer):
        values.copy_(torch.from_numpy(arrays[name]))
    generator.set_state(torch.from_numpy(arrays["generator"]))
    return int(arrays["step"])


def create_moments(trainer: Trainer) -> None:
    """Create the optimizer's moments, which it would create at its first step."""
    for parameter in trainer.state.parameters():
        moments = {"exp_avg": torch.zeros_like(parameter), "exp_avg_sq": torch.zeros_like(parameter)}
        trainer.optimizer.state[parameter] = {"step": torch.tensor(0.0), **moments}


def changing_tensors(trainer: Trainer) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors that a step changes, by name."""
    for index, parameter in enumerate(trainer.state.parameters()):
        yield f"weights {index}", parameter
        for name, values in trainer.optimizer.state[parameter].items():
            yield f"{name} {index}", values
    yield "mean", trainer.average.mean
    yield "started", trainer.average.started
    yield "silent", trainer.silent
