"""Interface of a language model that answers while somebody waits: it runs on to its logits, with changes if asked."""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from precompute.models.source import LayerPass
from precompute.models.text_source import TextSource

Replace = Callable[[Float[Tensor, "batch pos n_neurons"]], Float[Tensor, "batch pos n_neurons"]]


@runtime_checkable
class LiveSource(TextSource, Protocol):
    """A language model whose predictions can be read, also when activations are replaced.

    `predicts`: it predicts next tokens, since it reads from left to right and has an unembedding.
    `changes_can_be_written`: a change of an activation can be written into the model.
    """

    @property
    def predicts(self) -> bool: ...

    @property
    def changes_can_be_written(self) -> bool: ...

    def run_to_logits(
        self,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        visit: Callable[[LayerPass], None] | None = None,
        replaced: Mapping[int, Replace] | None = None,
    ) -> Float[Tensor, "batch pos n_logits"] | None:
        """Run right-padded prompts to their logits; None if the checkpoint has no head.

        `visit` is called as each layer is computed; `replaced` gives, by layer, other activations in the place of
        those that `visit` was shown.
        """

    def activations_on(
        self, layer: int, x: Float[np.ndarray, "n d_in"], neuron: Int[np.ndarray, " n"]
    ) -> Float[np.ndarray, " n"]:
        """Return one neuron's activation for each of some x, of an atlas or arbitrary."""
