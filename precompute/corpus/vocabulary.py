"""Text of every token as a reader sees it, spaces included, so that an atlas needs no tokenizer.

Each kind of tokenizer marks spaces in its own way:

byte-level       Ġword       a mark before the word
SentencePiece    ▁word       the same, with another mark
WordPiece        ##ing       a mark before a continuation; other tokens begin a word
BPE with suffix  word</w>    a mark after the word, where the space follows
unmarked         word        whole words (joined by spaces), or letters (joined directly)

The last three split punctuation from words without recording spaces: WordPiece and unmarked tokens get no space before
punctuation, and words that end in a suffix keep theirs.
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
    """Return one string per id: spaces and line ends as they are, undecodable bytes as `\\xe2`."""
    spell = _spelling(tokenizer)
    by_id = {id: spell(token) for token, id in tokenizer.get_vocab().items()}
    by_id |= {id: token.content for id, token in tokenizer.added_tokens_decoder.items()}
    return [by_id.get(id, "") for id in range(max(by_id) + 1)]


def _spelling(tokenizer: PreTrainedTokenizerBase) -> Spelling:
    """Return the function from a token to its text, according to the parts of the tokenizer's file."""
    added = {token.content for token in tokenizer.added_tokens_decoder.values()}
    tokens = [token for token in tokenizer.get_vocab() if token not in added]
    if not tokenizer.is_fast:
        alone = tokenizer.convert_tokens_to_string
        return rendered_spelling(tokenizer, tokens) if _words(tokens) else lambda token: alone([token])
    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    model, parts = backend["model"], [backend[part] for part in ("normalizer", "pre_tokenizer", "decoder")]
    inner = _byte_level if _has(parts[1:], "ByteLevel") else _byte_fallback
    if suffix := model.get("end_of_word_suffix") or _field(parts[2], "BPEDecoder", "suffix"):
        return lambda token: _suffix_text(token, suffix, inner)
    if inner is _byte_level:
        return inner
    if prefix := model.get("continuing_subword_prefix"):
        return lambda token: _prefix_text(token, prefix)
    if sign := _space_sign(parts):
        return lambda token: inner(token).replace(sign, " ")
    return _unmarked(tokenizer, tokens)


def _has(parts: list, kind: str) -> bool:
    return f'"{kind}"' in json.dumps(parts)


def _field(part: dict | None, kind: str, name: str) -> str | None:
    """Return a field of the part of this kind, which may be nested in a sequence."""
    for each in _flat(part):
        if each.get("type") == kind and each.get(name):
            return each[name]
    return None


def _flat(part: dict | None) -> list[dict]:
    """Return the part, or all parts of a sequence."""
    children = [each for name in ("normalizers", "pretokenizers", "decoders") for each in (part or {}).get(name, [])]
    return [part, *(child for each in children for child in _flat(each))] if part else []


def _space_sign(parts: list) -> str | None:
    """Return the character that represents a space, or None."""
    metaspace = next((sign for part in parts if (sign := _field(part, "Metaspace", "replacement"))), None)
    return metaspace or ("▁" if "▁" in json.dumps(parts, ensure_ascii=False) else None)


def _byte_level(token: str) -> str:
    if not all(character in BYTE_OF for character in token):
        return token
    return bytes(BYTE_OF[character] for character in token).decode(errors="backslashreplace")


def _byte_fallback(token: str) -> str:
    byte = BYTE.fullmatch(token)
    return bytes([int(byte[1], 16)]).decode(errors="backslashreplace") if byte else token


def _suffix_text(token: str, suffix: str, inner: Spelling) -> str:
    """Return a token's text, with a space after a word's end."""
    text = inner(token.removesuffix(suffix))
    return f"{text} " if token.endswith(suffix) and not _ideograph(text) else text


def _prefix_text(token: str, continuing: str) -> str:
    """Return a token's text, with a space before words but not before punctuation."""
    if token.startswith(continuing) and token != continuing:
        return token.removeprefix(continuing)
    return _spaced(token)


def _spaced(token: str) -> str:
    return f" {token}" if token[:1].isalnum() and not _ideograph(token) else token


def _ideograph(text: str) -> bool:
    """Return whether the text is one Chinese character: tokenizers treat each as a word, but no spaces divide them."""
    return len(text) == 1 and unicodedata.name(text, "").startswith("CJK ")


def _unmarked(tokenizer: PreTrainedTokenizerBase, tokens: list[str]) -> Spelling:
    """Return the spelling of tokens without space marks: as they are if they hold spaces or are letters, else words."""
    if any(char.isspace() for token in tokens for char in token) or not _words(tokens):
        return _byte_fallback
    splitter = tokenizer.backend_tokenizer.pre_tokenizer
    by_spaces = splitter is not None and [piece for piece, _ in splitter.pre_tokenize_str("a, (b)")] == ["a,", "(b)"]
    return (lambda token: f" {token}") if by_spaces else _spaced


def _words(tokens: list[str]) -> bool:
    """Return whether a vocabulary has more words than single letters (protein vocabularies do not)."""
    return 2 * sum(len(token) > 1 for token in tokens) > len(tokens)
