"""Tokenize a text as the corpus was: with the special tokens around it, and the positions at which neurons are read."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from ne_core.live.requests import MOST_CHARACTERS, MOST_TOKENS, LiveError
from precompute.corpus import make_examples, may_be_key
from precompute.corpus.documents import surrogates_replaced
from precompute.models.text_source import TextSource


@dataclass(frozen=True)
class Text:
    """One prompt. `counted`: mask of the positions that may be key tokens; `special`: mask of special tokens.

    `cut`: the text was longer than the limit.
    """

    tokens: Int[np.ndarray, " pos"]
    counted: Bool[np.ndarray, " pos"]
    special: Bool[np.ndarray, " pos"]
    cut: bool

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def batch(self) -> tuple[Int[Tensor, "1 pos"], Int[Tensor, " 1"]]:
        """Tokens and length as a batch of one prompt."""
        return torch.from_numpy(self.tokens[None].astype(np.int64)), torch.tensor([len(self)])


def text_of(source: TextSource, text: str, most: int = MOST_TOKENS) -> Text:
    """Tokenize a text, up to `most` tokens. Raises LiveError for a text without tokens.

    Special tokens spelled out in the text are read as text; lone surrogates are replaced by U+FFFD.
    """
    most = min(most, source.n_ctx)
    text, _ = surrogates_replaced(text[:MOST_CHARACTERS])
    try:
        examples = make_examples([text], source.tokenizer, 1, most + 1, "one")
    except ValueError as error:
        raise LiveError("there is no text: type some words") from error
    cut = int(examples.lengths[0]) > most
    if cut:
        examples = make_examples([text], source.tokenizer, 1, most, "one")
    tokens = examples.tokens[:, : int(examples.lengths[0])]
    if int(tokens.max()) >= source.n_embeddings:
        raise LiveError("the text has a token that this model does not know: remove unusual characters")
    return Text(tokens[0], *places_of(tokens, examples.special_ids), cut)


def tokens_of(tokens: Int[np.ndarray, " pos"], special_ids: Int[np.ndarray, " n"]) -> Text:
    """Return an example of the corpus, given without padding, as a text."""
    return Text(np.array(tokens), *places_of(tokens[None], special_ids), False)


def places_of(
    tokens: Int[np.ndarray, "1 pos"], special_ids: Int[np.ndarray, " n"]
) -> tuple[Bool[np.ndarray, " pos"], Bool[np.ndarray, " pos"]]:
    """Masks of the positions that may be key tokens, and of special tokens."""
    counted = may_be_key(tokens, np.array([tokens.shape[1]]), special_ids)[0]
    return counted, np.isin(tokens[0], special_ids)
