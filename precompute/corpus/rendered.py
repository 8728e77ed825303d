"""Spaces of a tokenizer written in Python, derived from how it renders a token between two whole words."""

from collections.abc import Callable, Sequence

from transformers import PreTrainedTokenizerBase

WORDS = ("the", "and", "of", "a", "is")  # the first that is a single token is used on both sides


def rendered_spelling(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[str]) -> Callable[[str], str]:
    """Return a function from tokens to their text, with the space before it.

    It gives the space after a token instead if some tokens join the next one. If none of WORDS is a single token,
    tokens are rendered alone.
    """
    alone = lambda token: tokenizer.convert_tokens_to_string([token])  # noqa: E731
    anchor = _anchor_token(tokenizer)
    if anchor is None:
        return alone
    between = {token: _between(tokenizer, anchor, token) for token in tokens}
    joins_next = any(text and not text.endswith(" ") for text in between.values())

    def spelled(token: str) -> str:
        text = between.get(token)
        if not text:
            return alone(token)
        return text.removeprefix(" ") if joins_next else text.removesuffix(" ")

    return spelled


def _anchor_token(tokenizer: PreTrainedTokenizerBase) -> str | None:
    """Return a token that is always a whole word."""
    for word in WORDS:
        ids = tokenizer.encode(f"{word} {word}", add_special_tokens=False)
        if len(ids) == 2 and ids[0] == ids[1] != tokenizer.unk_token_id:
            return tokenizer.convert_ids_to_tokens(ids[0])
    return None


def _between(tokenizer: PreTrainedTokenizerBase, anchor: str, token: str) -> str:
    """Return the text between two anchors with the token between them; empty if the anchors are changed."""
    word = tokenizer.convert_tokens_to_string([anchor]).strip()
    text = tokenizer.convert_tokens_to_string([anchor, token, anchor]).strip()
    whole = len(text) > 2 * len(word) and text.startswith(word) and text.endswith(word)
    return text[len(word) : -len(word)] if whole else ""
