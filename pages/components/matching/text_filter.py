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


@dataclass(frozen=True)
class TextFilter:
    """A text that may start inside a word and cover several tokens, case-sensitive if it has capitals.

    For images it matches whole words of a label only: 1 does not match 10.
    """

    atlas: Atlas
    text: str

    @property
    def capitals(self) -> bool:
        return visible(self.text) != visible(self.text).casefold()

    @property
    def pattern(self) -> re.Pattern:
        literal = re.escape(visible(self.text)).replace(SPACE, f"[ {SPACE}]")
        return re.compile(rf"(?<!\w){literal}(?!\w)" if self.atlas.manifest.images else literal)

    def passes(self, neuron: Neuron, rows: Int[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
        """Mask of a neuron's rows whose window contains the text."""
        forms = vocabulary(self.atlas)
        lines = passages(self.atlas.window_tokens(neuron, rows), forms.displayed if self.capitals else forms.lowered)
        mask = np.zeros(len(rows), dtype=bool)
        mask[lines.matching_lines(self.pattern)] = True
        return mask

    def spans(self, tokens: Sequence[str]) -> list[tuple[int, int]]:
        """First and last token of each occurrence in a line of displayed tokens."""
        return matching_spans([text if self.capitals else text.casefold() for text in tokens], [self.pattern])
