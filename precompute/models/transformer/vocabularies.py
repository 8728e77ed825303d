"""Checks of a tokenizer against its model and a corpus: embedded ids, round trip of text, share of unknown tokens."""

import numpy as np
from jaxtyping import Int
from transformers import PreTrainedTokenizerBase

from precompute.corpus import Examples
from precompute.models.source import UnfitModelError

MAX_UNKNOWN = 0.5  # of a corpus's tokens
TRIED = 64  # ordinary tokens, spread over the vocabulary, whose text is encoded again


class UnfitTextsError(ValueError):
    """Raised when the texts do not fit this tokenizer and model; the message is one line."""


def check_texts(examples: Examples, tokenizer: PreTrainedTokenizerBase, n_embeddings: int) -> None:
    """Check that the model embeds all tokens and that most are known. Raises UnfitTextsError."""
    real = np.arange(examples.tokens.shape[1]) < examples.lengths[:, None]
    tokens = examples.tokens[real]
    largest = int(tokens.max())
    if largest >= n_embeddings:
        raise UnfitTextsError(
            f"its texts have token {largest} ({tokenizer.convert_ids_to_tokens(largest)!r:.40}), but the model embeds "
            f"0 to {n_embeddings - 1}; use the tokenizer that the model was trained with"
        )
    unknown = tokenizer.unk_token_id
    share = 0.0 if unknown is None else float((tokens == unknown).mean())
    if share > MAX_UNKNOWN:
        raise UnfitTextsError(
            f"{share:.0%} of the tokens are unknown to the model's tokenizer; use texts in its language, "
            "or, if the tokenizer belongs to another model, use the one the model was trained with"
        )


def check_tokenizer(model: str, tokenizer: PreTrainedTokenizerBase, n_embeddings: int) -> None:
    """Check that the model embeds all ordinary tokens and that text survives a round trip. Raises UnfitModelError.

    Tokens that were added later, such as padding or an image placeholder, may have ids beyond the model's: texts need
    not contain them.
    """
    added = tokenizer.added_tokens_decoder
    largest = max((id for id in tokenizer.get_vocab().values() if id not in added), default=-1)
    if largest >= n_embeddings:
        raise UnfitModelError(
            f"{model}: the tokenizer has ids up to {largest}, the model embeds 0 to {n_embeddings - 1}; "
            "use the tokenizer that the model was trained with"
        )
    texts = token_texts(tokenizer)
    back = sum(round_trips(tokenizer, text) for text in texts)
    if 2 * back < len(texts):
        raise UnfitModelError(
            f"{model}: its tokenizer does not reproduce text: {len(texts) - back} of {len(texts)} of its tokens "
            "are encoded as others; use the one the model was trained with"
        )


def token_texts(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Return the text of some ordinary tokens, without pieces of characters."""
    ids = ordinary_ids(tokenizer, len(tokenizer))
    some = ids[np.linspace(0, len(ids) - 1, min(TRIED, len(ids))).astype(int)] if len(ids) else ids
    texts = (tokenizer.decode([id]) for id in some.tolist())
    return [text for text in texts if letters(text) and "\ufffd" not in text]


def ordinary_ids(tokenizer: PreTrainedTokenizerBase, n_embeddings: int) -> Int[np.ndarray, " n"]:
    """Return the ids of tokens that are text and that the model embeds."""
    special = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    ids = {id for id in tokenizer.get_vocab().values() if id < n_embeddings}
    return np.array(sorted(ids - special) or sorted(ids) or [0])


def round_trips(tokenizer: PreTrainedTokenizerBase, text: str) -> bool:
    return letters(tokenizer.decode(tokenizer.encode(text, add_special_tokens=False))) == letters(text)


def letters(text: str) -> str:
    """Return the part of a text that survives tokenizers that lower the case or move spaces."""
    return "".join(text.lower().split())
