"""Choice of the masking mode for prompts of some length: the fastest that agrees with the reference on this model.

The reference is a prompt in which another token really replaces the masked one, run in full. The modes, fastest first:

reuse       the masked window alone, on the clean keys and values before it
recompute   the masked prompt up to its last reading if what follows changes nothing; otherwise all of it
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from precompute.models.source import Readings, UnfitModelError
from precompute.models.text_source import MaskingMode, NotMaskedError
from precompute.models.transformer import masking, taps
from precompute.models.transformer.errors import MODEL_ERRORS, brief, of_the_machine
from precompute.models.transformer.folding import close
from precompute.models.transformer.masking import MaskingRequest

NEURONS = 256  # neurons of the last layer whose activations are compared
DIFFERENT = "they change the activations"
NOT_CAUSAL = "tokens attend to later tokens"


@dataclass(frozen=True)
class Trial:
    """Readings of one prompt with a token replaced, a copy for each masked position, and their reference values.

    `groups` are readings that are requested together, so that a mode is tested on short and long windows by themselves.
    """

    make_request: Callable[[Readings], MaskingRequest]
    groups: Sequence[Readings]
    expected: Float[np.ndarray, " n"]
    tolerance: float

    def problem_with(self, run: Callable[[MaskingRequest], Float[np.ndarray, " n"]]) -> str:
        """Return the problem with a mode, or an empty string if it agrees. Raises errors of the machine."""
        try:
            values = np.concatenate([run(self.make_request(group)) for group in self.groups])
        except MODEL_ERRORS as error:
            if of_the_machine(error):
                raise
            return f"the model does not accept them ({brief(error)})"
        agrees = close(torch.from_numpy(values), torch.from_numpy(self.expected), self.tolerance)
        return "" if agrees else DIFFERENT


def choose_mode(trial: Trial, causal: bool, n_pos: int, window: float) -> MaskingMode:
    """Return the fastest mode that agrees. Raises NotMaskedError if replacing an embedding does not mask the token.

    `window` is the attention window from the model's settings: beyond it nothing is reused, even if it agrees.
    """
    if not np.isfinite(trial.expected).all():
        raise UnfitModelError("its activations are not finite: try --dtype bfloat16 or float32")
    if trial.problem_with(lambda request: masking.recompute(request, causal=False)):
        raise NotMaskedError(
            "replacing a token's embedding does not mask the token, so its importance cannot be computed"
        )
    if not causal:
        return MaskingMode(False, False, NOT_CAUSAL)
    cut = not trial.problem_with(lambda request: masking.recompute(request, causal=True))
    if n_pos > window:
        return MaskingMode(
            False, cut, f"the attention window is {window:.0f} tokens, shorter than the {n_pos} of an example"
        )
    problem = trial.problem_with(masking.reuse)
    return MaskingMode(not problem, cut, problem)


def groups_of(n_pos: int, layer: int, n_neurons: int) -> list[Readings]:
    """Return readings masked early, in the middle and late, read at once and at the end: each alone, then all."""
    first, middle, late = min(1, n_pos - 1), n_pos // 2, max(1, n_pos - 3)
    near, end = range(first, min(first + 3, n_pos)), range(n_pos - 1, n_pos)
    places = [(first, near), (first, end), (middle, range(middle, min(middle + 3, n_pos))), (middle, end)]
    alone = [readings_at(*each, layer, n_neurons) for each in [*places, (late, range(late, n_pos))]]
    return [*alone, Readings.joined(alone)]


def readings_at(masked: int, positions: Sequence[int], layer: int, n_neurons: int) -> Readings:
    pos, neuron = (each.reshape(-1) for each in np.meshgrid(np.array(positions), np.arange(n_neurons), indexing="ij"))
    constant = (np.full_like(pos, value) for value in (0, masked, layer))
    prompt, masked_pos, layers = constant
    return Readings(prompt, masked_pos, pos, layers, neuron)


def reference_readings(
    run: Callable[[Tensor], Tensor], tokens: Int[Tensor, "1 pos"], other: int, groups: Sequence[Readings]
) -> Float[np.ndarray, " n"]:
    """Return the readings with the token `other` in the place of the masked one, every prompt run in full."""
    readings = Readings.joined(groups)
    masked, row = np.unique(readings.masked, return_inverse=True)
    prompts = tokens.repeat(len(masked), 1)
    prompts[torch.arange(len(masked)), torch.from_numpy(masked)] = other
    return run(prompts)[row, readings.pos, readings.neuron].float().cpu().numpy()


def last_activations(bridge, layer: int, prompts: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos n_neurons"]:
    """Return a layer's activations on whole prompts."""
    outputs: list[Tensor] = []

    def read(activations: Tensor) -> None:
        outputs.append(activations.reshape(*prompts.shape, -1))
        raise taps.Stop

    taps.run(bridge, prompts, [(taps.activations(bridge, layer), read)], attention_mask=torch.ones_like(prompts))
    return outputs[0]
