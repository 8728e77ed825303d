"""A tokenizer beside its model and beside a corpus: which ids the model embeds, does text come back, is it known."""

import numpy as np
from jaxtyping import Int
from transformers import PreTrainedTokenizerBase

from precompute.corpus import Examples
from precompute.models.source import UnfitModelError

MOST_UNKNOWN = 0.5  # of a corpus's tokens
TRIED = 64  # ordinary tokens, spread over the vocabulary, whose text is read again


class UnfitTextsError(ValueError):
    """The texts are not such as this tokenizer and model read; the message says why in one line."""


def check_texts(examples: Examples, tokenizer: PreTrainedTokenizerBase, n_embeddings: int) -> None:
    """Raises UnfitTextsError for a token that the model does not embed, and where most tokens are the unknown one."""
    real = np.arange(examples.tokens.shape[1]) < examples.lengths[:, None]
    tokens = examples.tokens[real]
    largest = int(tokens.max())
    if largest >= n_embeddings:
        raise UnfitTextsError(
            f"its texts have token {largest} ({tokenizer.convert_ids_to_tokens(largest)!r:.40}), and the model embeds "
            f"0 to {n_embeddings - 1}; use the tokenizer that the model was trained with"
        )
    unknown = tokenizer.unk_token_id
    share = 0.0 if unknown is None else float((tokens == unknown).mean())
    if share > MOST_UNKNOWN:
        raise UnfitTextsError(
            f"{share:.0%} of its tokens are unknown to the model's tokenizer; use texts that it was made for, "
            "or, if the tokenizer is of another model, use the one the model was trained with"
        )


def check_tokenizer(model: str, tokenizer: PreTrainedTokenizerBase, n_embeddings: int) -> None:
    """Raises UnfitModelError for ordinary tokens that the model does not embed, and where text does not come back.

    Tokens that were added later, padding or an image's place, may lie beyond: texts need not hold them.
    """
    added = tokenizer.added_tokens_decoder
    largest = max((id for id in tokenizer.get_vocab().values() if id not in added), default=-1)
    if largest >= n_embeddings:
        raise UnfitModelError(
            f"{model}: the tokenizer has ids up to {largest}, the model embeds 0 to {n_embeddings - 1}; "
            "use the tokenizer that the model was trained with"
        )
    texts = own_texts(tokenizer)
    back = sum(comes_back(tokenizer, text) for text in texts)
    if 2 * back < len(texts):
        raise UnfitModelError(
            f"{model}: its tokenizer does not give text back: {len(texts) - back} of {len(texts)} of its own tokens "
            "are read as others; use the one the model was trained with"
        )


def own_texts(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """The text of some ordinary tokens; pieces of characters have none."""
    ids = ordinary_ids(tokenizer, len(tokenizer))
    some = ids[np.linspace(0, len(ids) - 1, min(TRIED, len(ids))).astype(int)] if len(ids) else ids
    texts = (tokenizer.decode([id]) for id in some.tolist())
    return [text for text in texts if letters(text) and "\ufffd" not in text]


def ordinary_ids(tokenizer: PreTrainedTokenizerBase, n_embeddings: int) -> Int[np.ndarray, " n"]:
    """Ids of tokens that are text, as far as the model embeds them."""
    special = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    ids = {id for id in tokenizer.get_vocab().values() if id < n_embeddings}
    return np.array(sorted(ids - special) or sorted(ids) or [0])


def comes_back(tokenizer: PreTrainedTokenizerBase, text: str) -> bool:
    return letters(tokenizer.decode(tokenizer.encode(text, add_special_tokens=False))) == letters(text)


def letters(text: str) -> str:
    """What survives tokenizers that lower the case or move spaces."""
    return "".join(text.lower().split())
