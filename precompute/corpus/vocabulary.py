"""The text of every token as a reader should see it, spaces included, so that an atlas needs no tokenizer.

Where a space stands is spelled differently by each kind of tokenizer:

byte-level       Ġword       a sign before the word, in the tokens themselves
SentencePiece    ▁word       the same, by another sign
WordPiece        ##ing       a sign before what goes on; whatever has none begins a word
BPE with suffix  word</w>    a sign after the word: here the space follows
unmarked         word        whole words (their decoder joins them by spaces), or letters (nothing joins them)

The last three take punctuation off words without keeping whether a space stood between: WordPiece and unmarked tokens
get none before punctuation, and words that end in a suffix keep theirs.
"""

import json
import re
import unicodedata
from collections.abc import Callable

from transformers import PreTrainedTokenizerBase

from precompute.corpus.rendered import rendered_spelling

BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
# Byte-level BPE spells these bytes as themselves, and the others, in order, as the characters from U+0100 on.
PRINTABLE = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
BYTE_OF = {chr(byte): byte for byte in PRINTABLE}
BYTE_OF |= {chr(0x100 + n): byte for n, byte in enumerate(sorted(set(range(256)) - set(PRINTABLE)))}

Spelling = Callable[[str], str]


def vocabulary(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """One string per id: spaces and line ends as they are, a byte that is not text by itself as `\\xe2`."""
    as_read = _spelling(tokenizer)
    by_id = {id: as_read(token) for token, id in tokenizer.get_vocab().items()}
    by_id |= {id: token.content for id, token in tokenizer.added_tokens_decoder.items()}
    return [by_id.get(id, "") for id in range(max(by_id) + 1)]


def _spelling(tokenizer: PreTrainedTokenizerBase) -> Spelling:
    """How this tokenizer spells text in its tokens, by the parts that its file says it is made of."""
    added = {token.content for token in tokenizer.added_tokens_decoder.values()}
    tokens = [token for token in tokenizer.get_vocab() if token not in added]
    if not tokenizer.is_fast:
        alone = tokenizer.convert_tokens_to_string
        return rendered_spelling(tokenizer, tokens) if _words(tokens) else lambda token: alone([token])
    made_of = json.loads(tokenizer.backend_tokenizer.to_str())
    model, parts = made_of["model"], [made_of[part] for part in ("normalizer", "pre_tokenizer", "decoder")]
    inner = _byte_level if _has(parts[1:], "ByteLevel") else _byte_fallback
    if suffix := model.get("end_of_word_suffix") or _field(parts[2], "BPEDecoder", "suffix"):
        return lambda token: _ended(token, suffix, inner)
    if inner is _byte_level:
        return inner
    if prefix := model.get("continuing_subword_prefix"):
        return lambda token: _begun(token, prefix)
    if sign := _space_sign(parts):
        return lambda token: inner(token).replace(sign, " ")
    return _unmarked(tokenizer, tokens)


def _has(parts: list, kind: str) -> bool:
    return f'"{kind}"' in json.dumps(parts)


def _field(part: dict | None, kind: str, name: str) -> str | None:
    """A field of the part of this kind, which may stand in a sequence."""
    for each in _flat(part):
        if each.get("type") == kind and each.get(name):
            return each[name]
    return None


def _flat(part: dict | None) -> list[dict]:
    """The part, or all of a sequence's."""
    inside = [each for name in ("normalizers", "pretokenizers", "decoders") for each in (part or {}).get(name, [])]
    return [part, *(found for each in inside for found in _flat(each))] if part else []


def _space_sign(parts: list) -> str | None:
    """The character that stands for a space, where one does."""
    metaspace = next((sign for part in parts if (sign := _field(part, "Metaspace", "replacement"))), None)
    return metaspace or ("▁" if "▁" in json.dumps(parts, ensure_ascii=False) else None)


def _byte_level(token: str) -> str:
    if not all(character in BYTE_OF for character in token):
        return token
    return bytes(BYTE_OF[character] for character in token).decode(errors="backslashreplace")


def _byte_fallback(token: str) -> str:
    byte = BYTE.fullmatch(token)
    return bytes([int(byte[1], 16)]).decode(errors="backslashreplace") if byte else token


def _ended(token: str, suffix: str, inner: Spelling) -> str:
    """A word ends with a space."""
    text = inner(token.removesuffix(suffix))
    return f"{text} " if token.endswith(suffix) and not _ideograph(text) else text


def _begun(token: str, continuing: str) -> str:
    """A word starts with a space, punctuation does not."""
    if token.startswith(continuing) and token != continuing:
        return token.removeprefix(continuing)
    return _spaced(token)


def _spaced(token: str) -> str:
    return f" {token}" if token[:1].isalnum() and not _ideograph(token) else token


def _ideograph(text: str) -> bool:
    """A sign of Chinese alone: tokenizers take each for a word, and its text has no spaces."""
    return len(text) == 1 and unicodedata.name(text, "").startswith("CJK ")


def _unmarked(tokenizer: PreTrainedTokenizerBase, tokens: list[str]) -> Spelling:
    """Tokens that do not tell where spaces stand: as they are where they hold spaces or are letters, else words."""
    if any(char.isspace() for token in tokens for char in token) or not _words(tokens):
        return _byte_fallback
    splitter = tokenizer.backend_tokenizer.pre_tokenizer
    by_spaces = splitter is not None and [piece for piece, _ in splitter.pre_tokenize_str("a, (b)")] == ["a,", "(b)"]
    return (lambda token: f" {token}") if by_spaces else _spaced


def _words(tokens: list[str]) -> bool:
    """Whether a vocabulary holds more words than single letters, as those of proteins do not."""
    return 2 * sum(len(token) > 1 for token in tokens) > len(tokens)
