"""A text that is looked for in examples as the screen shows them: which hold it, and in which of their tokens."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from ne_core.atlas import Atlas, Neuron
from ne_core.queries.passages import matching_spans, passages
from ne_core.text.token_text import visible
from pages.components.cached.vocabulary import vocabulary

SPACE = "␣"  # how exact tokens show theirs: a link may have it


@dataclass(frozen=True)
class Held:
    """Over any number of tokens, from anywhere in a word. Capitals count when the text has some.

    Of images the text stands for whole words of a label: 1 is not 10.
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

    def among(self, neuron: Neuron, rows: Int[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
        """Which of a neuron's rows hold it somewhere in their window."""
        known = vocabulary(self.atlas)
        lines = passages(self.atlas.window_tokens(neuron, rows), known.shown if self.capitals else known.lowered)
        held = np.zeros(len(rows), dtype=bool)
        held[lines.matching_lines(self.pattern)] = True
        return held

    def spans(self, shown: Sequence[str]) -> list[tuple[int, int]]:
        """The first and the last token of each place where a line of shown tokens holds it."""
        return matching_spans([text if self.capitals else text.casefold() for text in shown], [self.pattern])
