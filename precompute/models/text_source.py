"""What a build needs of a language model beside its neuron layers: a tokenizer, lengths, masks, and what it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from precompute.models.source import Source, UnfitModelError


class NotMaskedError(UnfitModelError):
    """A token cannot be masked by its embedding; the message says why in one line."""


@dataclass(frozen=True)
class Way:
    """How masked prompts are run. `cut`: a recomputed prompt ends with what is read; `why`: what failed at reuse."""

    reuses: bool
    cut: bool
    why: str = ""

    @property
    def facts(self) -> dict[str, str | None]:
        """What a manifest says of it."""
        return {"masked": "reuse" if self.reuses else "recompute", "why": self.why or None}

    def __str__(self) -> str:
        return "keys and values reused" if self.reuses else f"prompts recomputed, no keys and values reused: {self.why}"


@runtime_checkable
class TextSource(Source, Protocol):
    """A language model as neuron layers. `units` is what its neurons are called, `gated` whether each has a gate."""

    tokenizer: Any  # of transformers, which takes seconds to load
    units: str
    gated: bool
    n_ctx: int
    n_embeddings: int

    def default_baseline(self) -> str:
        """What masks a token by default: a name that `baselines` knows."""

    def way(self, n_pos: int) -> Way:
        """How masked prompts of that length are run. Raises NotMaskedError where they cannot be."""

    def facts(self, folder: Path, model_sha256: str) -> dict[str, Any]:
        """What a manifest says of the autoencoder in `folder`; nothing where the model's own neurons are read."""
