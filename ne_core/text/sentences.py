"""The sentence around a token: from the end of the sentence before it to its own end, within a number of characters."""

from collections.abc import Sequence

from ne_core.text.token_text import visible

ENDS = (".", "!", "?")
SEPARATORS = ("<|endoftext|>", "<s>", "</s>", "[SEP]", "[CLS]")  # of documents
CLOSING = ")]}”’\"'`*"  # signs that may stand before or after the sign that ends a sentence
BEFORE, AFTER = 90, 60  # most characters before and after the token
MORE = "…"  # the sentence is longer


def sentence(tokens: Sequence[str], key: int) -> tuple[str, str, str]:
    """Readable text before token `key` in its sentence, the token, and the rest of the sentence."""
    start, stop = sentence_start(tokens, key), sentence_stop(tokens, key)
    first, last = within(tokens, range(key - 1, start - 1, -1), BEFORE), within(tokens, range(key + 1, stop), AFTER)
    before, after = readable(tokens[key - first : key]).lstrip(" "), readable(tokens[key + 1 : key + 1 + last])
    word = visible(tokens[key])
    space = word[: len(word) - len(word.lstrip(" "))] if word.strip(" ") else ""
    before = MORE * (start == 0 < key or first < key - start) + before + space * bool(before)
    unfinished = not ends(tokens, stop - 1) and stop == len(tokens)
    return before, word[len(space) :], after.rstrip(" ") + MORE * (unfinished or last < stop - key - 1)


def sentence_start(tokens: Sequence[str], key: int) -> int:
    """Index of the first token of the sentence of token `key`."""
    return next((i + 1 for i in range(key - 1, -1, -1) if ends(tokens, i)), 0)


def sentence_stop(tokens: Sequence[str], key: int) -> int:
    """Index after the last token of the sentence of token `key`; a line break is left out."""
    last = next((i for i in range(key, len(tokens)) if ends(tokens, i)), len(tokens) - 1)
    return last if last > key and not tokens[last].strip() else last + 1


def ends(tokens: Sequence[str], i: int) -> bool:
    """True if token i ends a sentence: a separator, a line break, or a final sign after a word and before a space.

    Not before a small letter, where the sentence goes on: “e.g. this”, or a wrapped line. Neither the dot of “os.path”
    nor the dots of “.. note::” are ends.
    """
    text, following = tokens[i], tokens[i + 1] if i + 1 < len(tokens) else "\n"
    if text in SEPARATORS:
        return True
    if following.strip()[:1].islower():
        return False
    return "\n" in text or is_final(tokens, i, following)


def is_final(tokens: Sequence[str], i: int, following: str) -> bool:
    """True if token i ends with a final sign after a word, and a space follows."""
    text = tokens[i].rstrip(" ")
    sign = text.rstrip(CLOSING)
    before = sign[:-1] or (tokens[i - 1] if i else "")
    spaced = text != tokens[i] or following[:1].isspace()
    return sign.endswith(ENDS) and spaced and (before[-1:].isalnum() or before[-1:] in tuple(CLOSING))


def within(tokens: Sequence[str], indices: range, most: int) -> int:
    """Number of tokens at these indices whose texts together have at most `most` characters."""
    total = 0
    for count, i in enumerate(indices):
        total += len(tokens[i])
        if total > most:
            return count
    return len(indices)


def readable(tokens: Sequence[str]) -> str:
    """Tokens as one readable text; a line break within a sentence is a space."""
    return "".join(" " if "\n" in token and not token.strip() else visible(token) for token in tokens)


def is_whole_word(before: str, token: str, after: str, letters: int) -> bool:
    """True if a token is one whole word of at least `letters` letters between the tokens before and after it."""
    bare = token.strip(" ")
    begins = token[:1] == " " or not before[-1:].isalnum()
    finishes = token[-1:] == " " or not after[:1].isalnum()
    return len(bare) >= letters and bare.isalpha() and begins and finishes
