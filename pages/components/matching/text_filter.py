"""A filter by text: the examples that contain it as displayed, and the tokens that it covers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from ne_core.atlas import Atlas, Neuron
from ne_core.queries.passages import matching_spans, passages
from ne_core.text.token_text import visible
from pages.components.cached.vocabulary import vocabulary

SPACE = "␣"  # the display of a space in exact tokens, which a link may contain
PIECE = re.compile(r'"([^"]+)"|(\S+)')  # a phrase in quotes, or a word


@dataclass(frozen=True)
class TextFilter:
    """A text in any case: one word or a phrase in quotes as it stands, several of them all, in any order.

    A word may start inside a longer one and cover several tokens. For images it matches whole words of a label only: 1
    does not match 10.
    """

    atlas: Atlas
    text: str

    @property
    def pieces(self) -> list[str]:
        """The words and phrases; a single one keeps the spaces around it."""
        pieces = ["".join(each) for each in PIECE.findall(self.text)]
        is_phrase = PIECE.fullmatch(self.text.strip()) and self.text.strip() != pieces[0]
        return pieces if len(pieces) > 1 or is_phrase else [self.text]

    @property
    def patterns(self) -> list[re.Pattern]:
        """The pattern of each piece, for text without capitals."""
        whole = r"(?<!\w){}(?!\w)" if self.atlas.manifest.images else "{}"
        literals = [re.escape(visible(piece).casefold()).replace(SPACE, f"[ {SPACE}]") for piece in self.pieces]
        return [re.compile(whole.format(literal)) for literal in literals]

    def passes(self, neuron: Neuron, rows: Int[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
        """Mask of a neuron's rows whose window contains all pieces."""
        lines = passages(self.atlas.window_tokens(neuron, rows), vocabulary(self.atlas).lowered)
        masks = np.zeros((len(self.pieces), len(rows)), dtype=bool)
        for mask, pattern in zip(masks, self.patterns, strict=True):
            mask[lines.matching_lines(pattern)] = True
        return masks.all(axis=0)

    def spans(self, tokens: Sequence[str]) -> list[list[tuple[int, int]]]:
        """First and last token of each occurrence of each piece in a line of displayed tokens."""
        texts = [text.casefold() for text in tokens]
        return [matching_spans(texts, [pattern]) for pattern in self.patterns]
