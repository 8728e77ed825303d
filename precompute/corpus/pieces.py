"""A long document in pieces whose tokens, put together, are those of the whole.

A tokenizer takes some 130 bytes for each character that it has at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from transformers import PreTrainedTokenizerBase

PIECE = 2**16  # characters
AROUND = 128  # characters on either side of a cut that are tokenized whole and cut, to compare
TRIES = 16


@dataclass
class Cutter:
    """Cuts before a space, or in it where the tokenizer begins every text with one, or anywhere that changes no token.

    Where no place near the end of a piece does, the cut is made all the same: `n_changed` counts these.
    """

    tokenizer: PreTrainedTokenizerBase
    n_changed: int = field(default=0)

    def pieces(self, text: str) -> Iterator[str]:
        start = 0
        while len(text) - start > PIECE:
            end, start_of_next = self.cut(text, start, start + PIECE)
            yield text[start:end]
            start = start_of_next
        yield text[start:]

    def cut(self, text: str, start: int, most: int) -> tuple[int, int]:
        """Where a piece ends and where the next begins: at the last place up to `most` that changes no token."""
        for end, following in places(text, start, most):
            if self.same_tokens(text, end, following):
                return end, following
        self.n_changed += 1
        return most, most

    def same_tokens(self, text: str, end: int, following: int) -> bool:
        before, after = text[max(0, end - AROUND) : end], text[following : following + AROUND]
        whole = text[max(0, end - AROUND) : following + AROUND]
        apart, together = self.ids([before, after]), self.ids([whole])
        return apart[0] + apart[1] == together[0]

    def ids(self, texts: list[str]) -> list[list[int]]:
        encoded = self.tokenizer(texts, add_special_tokens=False, split_special_tokens=True, verbose=False)
        return encoded["input_ids"]


def places(text: str, start: int, most: int) -> Iterator[tuple[int, int]]:
    """The last spaces up to `most`, each before it and in it, then the last places whatever stands there."""
    space = most + 1
    for _ in range(TRIES):
        space = text.rfind(" ", start + AROUND, space)
        if space < 0:
            break
        yield space, space
        yield space, space + 1
    for end in range(most, most - TRIES, -1):
        yield end, end
