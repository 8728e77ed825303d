"""Cut long documents into pieces whose tokens, concatenated, are those of the whole.

A tokenizer needs some 130 bytes of memory for each character of its input.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from transformers import PreTrainedTokenizerBase

PIECE = 2**16  # characters
AROUND = 128  # characters on either side of a cut whose tokens are compared with and without it
TRIES = 16


@dataclass
class Cutter:
    """Cut before a space, or after it if the tokenizer adds one to every text, or anywhere that changes no token.

    If no such place is near the end of a piece, the piece is cut at its end; `n_changed` counts these.
    """

    tokenizer: PreTrainedTokenizerBase
    n_changed: int = field(default=0)

    def pieces(self, text: str) -> Iterator[str]:
        """Yield the pieces of a text, the whole of a short one."""
        start = 0
        while len(text) - start > PIECE:
            end, start_of_next = self.cut(text, start, start + PIECE)
            yield text[start:end]
            start = start_of_next
        yield text[start:]

    def cut(self, text: str, start: int, most: int) -> tuple[int, int]:
        """Return the end of a piece and the start of the next, at the last place up to `most` that changes no token."""
        for end, following in cut_candidates(text, start, most):
            if self.same_tokens(text, end, following):
                return end, following
        self.n_changed += 1
        return most, most

    def same_tokens(self, text: str, end: int, following: int) -> bool:
        before, after = text[max(0, end - AROUND) : end], text[following : following + AROUND]
        whole = text[max(0, end - AROUND) : following + AROUND]
        separate, together = self.ids([before, after]), self.ids([whole])
        return separate[0] + separate[1] == together[0]

    def ids(self, texts: list[str], are_chats: bool = False) -> list[list[int]]:
        """Return the tokens of each text; special tokens that it spells are text, except in a chat."""
        encoded = self.tokenizer(texts, add_special_tokens=False, split_special_tokens=not are_chats, verbose=False)
        return encoded["input_ids"]


def cut_candidates(text: str, start: int, most: int) -> Iterator[tuple[int, int]]:
    """Yield the last spaces up to `most`, before and after each, then the last positions."""
    space = most + 1
    for _ in range(TRIES):
        space = text.rfind(" ", start + AROUND, space)
        if space < 0:
            break
        yield space, space
        yield space, space + 1
    for end in range(most, most - TRIES, -1):
        yield end, end
