"""What an autoencoder is trained on: a layer's activations at every token that may be a key token (METHOD §2).

Held-out examples are those that come after the others in the corpus.
"""

import logging
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from precompute.autoencoders.train.settings import Settings
from precompute.config import ConfigError
from precompute.corpus import end_of_text, make_examples, may_be_key, read_documents
from precompute.models.source import LayerPass
from precompute.models.transformer import TransformerSource
from precompute.run.memory import batches
from precompute.run.progress import OnProgress, silent

logger = logging.getLogger(__name__)

AT_ONCE = 32  # examples


@dataclass(frozen=True)
class Texts:
    """Examples, and the positions that count."""

    tokens: Int[np.ndarray, "n_examples n_ctx"]
    lengths: Int[np.ndarray, " n_examples"]
    used: Bool[np.ndarray, "n_examples n_ctx"]

    def __len__(self) -> int:
        return len(self.tokens)

    def part(self, some: slice) -> "Texts":
        return Texts(self.tokens[some], self.lengths[some], self.used[some])

    def tensors(self) -> tuple[Int[Tensor, "n pos"], Int[Tensor, " n"]]:
        return torch.from_numpy(self.tokens.astype(np.int64)), torch.from_numpy(self.lengths.astype(np.int64))


@dataclass(frozen=True)
class Corpus:
    train: Texts
    held_out: Texts
    sha256: str
    notes: tuple[str, ...] = ()


def corpus_of(source: TransformerSource, settings: Settings, told: OnProgress) -> Corpus:
    """The examples of a run. Raises ConfigError where the corpus has too few to hold any out."""
    if settings.context > source.n_ctx:
        raise ConfigError(f"context: {settings.context} tokens are more than this model's {source.n_ctx}")
    wanted = settings.examples + settings.held_out
    documents = read_documents(settings.corpus, end_of_text=end_of_text(source.tokenizer))
    found = make_examples(documents, source.tokenizer, wanted, settings.context, progress=told)
    for note in documents.notes:
        logger.warning("%s", note)
    if len(found.tokens) < wanted:
        raise ConfigError(
            f"{settings.corpus}: it has {len(found.tokens)} examples, and {settings.examples} to train on and "
            f"{settings.held_out} held out were asked for: ask for fewer, or give a longer corpus"
        )
    whole = Texts(found.tokens, found.lengths, may_be_key(found.tokens, found.lengths, found.special_ids))
    train, held_out = whole.part(slice(settings.examples)), whole.part(slice(settings.examples, wanted))
    return Corpus(train, held_out, found.sha256, tuple(documents.notes))


def activations(source: TransformerSource, texts: Texts, told: OnProgress = silent) -> Float[Tensor, "n n_neurons"]:
    """The layer's activations at the positions that count, in corpus order."""
    found = torch.empty(int(texts.used.sum()), source.layer(source.layers[0]).n_neurons)
    starts = np.append(0, np.cumsum(texts.used.sum(axis=1)))

    def read(some: slice) -> None:
        part = texts.part(some)

        def keep(one: LayerPass) -> None:
            used = torch.from_numpy(part.used).to(one.activations.device)
            found[starts[some.start] : starts[some.stop]] = one.activations[used].float().cpu()

        source.read(*part.tensors(), keep)

    for start in range(0, len(texts), AT_ONCE):
        n = min(AT_ONCE, len(texts) - start)
        batches(source, "examples").each(n, lambda s, at=start: read(slice(at + s.start, at + s.stop)))
        told(start + n, len(texts))
    if not bool(found.isfinite().all()):  # weights trained on them would not be either
        raise ConfigError(
            f"{source.name}: layer {source.layers[0]} has activations that are not finite; check its weights"
        )
    return found
