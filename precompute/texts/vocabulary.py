"""The text of every token as a reader should see it, so that an atlas needs no tokenizer."""

import json
import re
from collections.abc import Callable

from transformers import PreTrainedTokenizerBase

BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
# Byte-level BPE spells these bytes as themselves, and the others, in order, as the characters from U+0100 on.
PRINTABLE = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
BYTE_OF = {chr(byte): byte for byte in PRINTABLE}
BYTE_OF |= {chr(0x100 + n): byte for n, byte in enumerate(sorted(set(range(256)) - set(PRINTABLE)))}


def vocabulary(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """One string per id: spaces and line ends as they are, a byte that is not text by itself as `\\xe2`."""
    as_read = _spelling(tokenizer)
    by_id = {id: as_read(token) for token, id in tokenizer.get_vocab().items()}
    by_id |= {id: token.content for id, token in tokenizer.added_tokens_decoder.items()}
    return [by_id.get(id, "") for id in range(max(by_id) + 1)]


def _spelling(tokenizer: PreTrainedTokenizerBase) -> Callable[[str], str]:
    """How this tokenizer spells text in its tokens, by the parts that its file says it is made of."""
    if not tokenizer.is_fast:
        return lambda token: tokenizer.convert_tokens_to_string([token])
    made_of = json.loads(tokenizer.backend_tokenizer.to_str())
    parts = json.dumps([made_of["pre_tokenizer"], made_of["decoder"]])
    if '"ByteLevel"' in parts:
        return _byte_level
    if made_of["model"]["type"] == "WordPiece":
        return lambda token: _word_piece(token, made_of["model"]["continuing_subword_prefix"])
    return _sentence_piece


def _byte_level(token: str) -> str:
    if not all(character in BYTE_OF for character in token):
        return token
    return bytes(BYTE_OF[character] for character in token).decode(errors="backslashreplace")


def _word_piece(token: str, continuing: str) -> str:
    """A word starts with a space; punctuation does not, since the tokenizer does not say whether it had one."""
    if token.startswith(continuing):
        return token.removeprefix(continuing)
    return " " + token if token[:1].isalnum() else token


def _sentence_piece(token: str) -> str:
    if byte := BYTE.fullmatch(token):
        return bytes([int(byte[1], 16)]).decode(errors="backslashreplace")
    return token.replace("▁", " ")
