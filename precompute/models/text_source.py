"""Interface of a language model: a source with a tokenizer, a context length and masking."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from precompute.models.source import Source, UnfitModelError


class NotMaskedError(UnfitModelError):
    """Raised when a token cannot be masked by replacing its embedding; the message is one line."""


@dataclass(frozen=True)
class MaskingMode:
    """Computation of masked prompts.

    `reuses`: reuse the clean keys and values before the mask. `cut`: end a recomputed prompt at its last reading.
    `why`: reason why keys and values are not reused.
    """

    reuses: bool
    cut: bool
    why: str = ""

    @property
    def facts(self) -> dict[str, str | None]:
        """Fields of the manifest."""
        return {"masked": "reuse" if self.reuses else "recompute", "why": self.why or None}

    def __str__(self) -> str:
        return "keys and values reused" if self.reuses else f"prompts recomputed, no keys and values reused: {self.why}"


@runtime_checkable
class TextSource(Source, Protocol):
    """A language model as neuron layers. `units` is the word for its neurons; `gated`: they have gates."""

    tokenizer: Any  # of transformers, which takes seconds to load
    units: str
    gated: bool
    n_ctx: int
    n_embeddings: int

    def default_baseline(self) -> str:
        """Return the default replacement of a masked token: a name that `baselines` accepts."""

    def masking_mode(self, n_pos: int) -> MaskingMode:
        """Return the masking mode for prompts of `n_pos` tokens. Raises NotMaskedError if masking is impossible."""

    def facts(self, model_sha256: str) -> dict[str, Any]:
        """Return the manifest's entry about the autoencoder; empty for the model's own neurons."""
