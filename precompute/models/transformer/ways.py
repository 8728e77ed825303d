"""How masked prompts of some length are run: the fastest way that agrees with the slowest, tried on this model.

The slowest is a prompt in which another token really stands, run in full. The ways, fastest first:

reuse       the masked window alone, on the clean keys and values before it
recompute   the masked prompt as far as it is read, where what follows changes nothing; otherwise the whole of it
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from precompute.models.source import Readings, UnfitModelError
from precompute.models.text_source import NotMaskedError, Way
from precompute.models.transformer import masking, taps
from precompute.models.transformer.errors import MODEL_ERRORS, brief, of_the_machine
from precompute.models.transformer.folding import close
from precompute.models.transformer.masking import Asked

NEURONS = 256  # of the last layer that is read, whose activations are compared
OTHER = "they give other activations than prompts in full"
NOT_CAUSAL = "a token sees those after it"


@dataclass(frozen=True)
class Trial:
    """One prompt with a token in the place of some of its own, a copy for each; what the last layer makes of them.

    `groups` are readings that are asked for together, so that a way sees short and long stretches by themselves.
    """

    ask: Callable[[Readings], Asked]
    groups: Sequence[Readings]
    expected: Float[np.ndarray, " n"]
    tolerance: float

    def against(self, run: Callable[[Asked], Float[np.ndarray, " n"]]) -> str:
        """What is wrong with a way; empty where it agrees. Raises what the machine is to blame for."""
        try:
            found = np.concatenate([run(self.ask(group)) for group in self.groups])
        except MODEL_ERRORS as error:
            if of_the_machine(error):
                raise
            return f"the model does not take them ({brief(error)})"
        agrees = close(torch.from_numpy(found), torch.from_numpy(self.expected), self.tolerance)
        return "" if agrees else OTHER


def decided(trial: Trial, causal: bool, n_pos: int, window: float) -> Way:
    """The fastest way that agrees. Raises NotMaskedError where a replaced embedding is no replaced token.

    `window` is how far attention sees by the model's settings: beyond it nothing is reused, whatever is tried.
    """
    if not np.isfinite(trial.expected).all():
        raise UnfitModelError("its activations are not finite: --dtype bfloat16 or float32 may work")
    if trial.against(lambda asked: masking.recompute(asked, causal=False)):
        raise NotMaskedError("masking a token's embedding does not mask the token, so that its importance is not known")
    if not causal:
        return Way(False, False, NOT_CAUSAL)
    cut = not trial.against(lambda asked: masking.recompute(asked, causal=True))
    if n_pos > window:
        return Way(False, cut, f"attention sees {window:.0f} tokens, fewer than the {n_pos} of an example")
    wrong = trial.against(masking.reuse)
    return Way(not wrong, cut, wrong)


def groups_of(n_pos: int, layer: int, n_neurons: int) -> list[Readings]:
    """Masked early, in the middle and late, read at once and at the end: each alone, and all, which share rows."""
    first, middle, late = min(1, n_pos - 1), n_pos // 2, max(1, n_pos - 3)
    near, end = range(first, min(first + 3, n_pos)), range(n_pos - 1, n_pos)
    places = [(first, near), (first, end), (middle, range(middle, min(middle + 3, n_pos))), (middle, end)]
    alone = [readings_at(*each, layer, n_neurons) for each in [*places, (late, range(late, n_pos))]]
    return [*alone, Readings.joined(alone)]


def readings_at(masked: int, positions: Sequence[int], layer: int, n_neurons: int) -> Readings:
    pos, neuron = (each.reshape(-1) for each in np.meshgrid(np.array(positions), np.arange(n_neurons), indexing="ij"))
    constant = (np.full_like(pos, value) for value in (0, masked, layer))
    prompt, at, of = constant
    return Readings(prompt, at, pos, of, neuron)


def really_replaced(
    run: Callable[[Tensor], Tensor], tokens: Int[Tensor, "1 pos"], other: int, groups: Sequence[Readings]
) -> Float[np.ndarray, " n"]:
    """The readings where the token `other` stands in the place of the masked one, every prompt in full."""
    readings = Readings.joined(groups)
    masked, row = np.unique(readings.masked, return_inverse=True)
    prompts = tokens.repeat(len(masked), 1)
    prompts[torch.arange(len(masked)), torch.from_numpy(masked)] = other
    return run(prompts)[row, readings.pos, readings.neuron].float().cpu().numpy()


def last_activations(bridge, layer: int, prompts: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos n_neurons"]:
    """A layer's activations on whole prompts."""
    seen: list[Tensor] = []

    def read(activations: Tensor) -> None:
        seen.append(activations.reshape(*prompts.shape, -1))
        raise taps.Stop

    taps.run(bridge, prompts, [(taps.activations(bridge, layer), read)], attention_mask=torch.ones_like(prompts))
    return seen[0]
