"""Training data of an autoencoder: a layer's activations at every token that may be a key token (METHOD §2).

Held-out examples follow the training examples in the corpus.
"""

import logging
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from precompute.autoencoders.train.settings import Settings
from precompute.config import ConfigError
from precompute.corpus import chat_template, end_of_text, make_examples, may_be_key, read_documents
from precompute.models.source import LayerPass
from precompute.models.transformer import TransformerSource
from precompute.run.memory import batches
from precompute.run.progress import OnProgress, silent

logger = logging.getLogger(__name__)

AT_ONCE = 32  # examples


@dataclass(frozen=True)
class Texts:
    """Examples, and the positions whose activations are used."""

    tokens: Int[np.ndarray, "n_examples n_ctx"]
    lengths: Int[np.ndarray, " n_examples"]
    used: Bool[np.ndarray, "n_examples n_ctx"]

    def __len__(self) -> int:
        return len(self.tokens)

    def part(self, rows: slice) -> "Texts":
        return Texts(self.tokens[rows], self.lengths[rows], self.used[rows])

    def tensors(self) -> tuple[Int[Tensor, "n pos"], Int[Tensor, " n"]]:
        return torch.from_numpy(self.tokens.astype(np.int64)), torch.from_numpy(self.lengths.astype(np.int64))


@dataclass(frozen=True)
class Corpus:
    """Training and held-out examples, and the facts of their corpus."""

    train: Texts
    held_out: Texts
    sha256: str
    notes: tuple[str, ...] = ()


def load_corpus(source: TransformerSource, settings: Settings, on_progress: OnProgress) -> Corpus:
    """Load the examples of a run. Raises ConfigError where the corpus has too few."""
    if settings.context > source.n_ctx:
        raise ConfigError(f"context: {settings.context} tokens are more than this model's {source.n_ctx}")
    n_examples = settings.examples + settings.held_out
    ends, template = end_of_text(source.tokenizer), chat_template(source.tokenizer)
    documents = read_documents(settings.corpus, end_of_text=ends, template=template)
    examples = make_examples(
        documents.with_sources(), source.tokenizer, n_examples, settings.context, progress=on_progress
    )
    for note in documents.notes:
        logger.warning("%s", note)
    if len(examples.tokens) < n_examples:
        raise ConfigError(
            f"{settings.corpus}: it has {len(examples.tokens)} examples, and {settings.examples} to train on and "
            f"{settings.held_out} held out were requested: request fewer, or give a longer corpus"
        )
    texts = Texts(
        examples.tokens, examples.lengths, may_be_key(examples.tokens, examples.lengths, examples.special_ids)
    )
    train, held_out = texts.part(slice(settings.examples)), texts.part(slice(settings.examples, n_examples))
    return Corpus(train, held_out, examples.sha256, tuple(documents.notes))


def activations(
    source: TransformerSource, texts: Texts, on_progress: OnProgress = silent
) -> Float[Tensor, "n n_neurons"]:
    """Activations of the layer at the used positions, in corpus order."""
    h = torch.empty(int(texts.used.sum()), source.layer(source.layers[0]).n_neurons)
    starts = np.append(0, np.cumsum(texts.used.sum(axis=1)))

    def read(rows: slice) -> None:
        part = texts.part(rows)

        def keep(layer_pass: LayerPass) -> None:
            used = torch.from_numpy(part.used).to(layer_pass.activations.device)
            h[starts[rows.start] : starts[rows.stop]] = layer_pass.activations[used].float().cpu()

        source.read(*part.tensors(), keep)

    for start in range(0, len(texts), AT_ONCE):
        n = min(AT_ONCE, len(texts) - start)
        batches(source, "examples").each(
            n, lambda batch, first=start: read(slice(first + batch.start, first + batch.stop))
        )
        on_progress(start + n, len(texts))
    if not bool(h.isfinite().all()):  # weights trained on them would not be either
        raise ConfigError(
            f"{source.name}: layer {source.layers[0]} has activations that are not finite; check its weights"
        )
    return h
