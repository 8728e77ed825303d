"""What a feature is called: its most frequent key tokens."""

from dataclasses import dataclass

from ne_core.atlas import Atlas
from ne_core.token_text import short

ENOUGH = 0.1  # a key token is named when at least this share of the feature's examples has it


@dataclass(frozen=True)
class Label:
    """Key tokens, most frequent first; `more` when a good part of the examples has others."""

    tokens: tuple[str, ...]
    more: bool

    def __str__(self) -> str:
        return ", ".join(f"“{token}”" for token in self.tokens) + (" …" if self.more else "")

    def data(self) -> dict:
        """For a component, which sets every token apart from the next."""
        return {"label": list(self.tokens), "more": self.more}


def label(atlas: Atlas, id: int) -> Label:
    """The label of the feature in row `id`; “ import” and “import” are one name."""
    features, size = atlas.features, int(atlas.features["size"][id])
    counts: dict[str, int] = {}
    for token, count in zip(features["key_tokens"][id], features["key_token_counts"][id], strict=True):
        if token >= 0:
            name = short(atlas.vocab[token])
            counts[name] = counts.get(name, 0) + int(count)
    named = [name for i, name in enumerate(counts) if i == 0 or counts[name] >= ENOUGH * size]
    return Label(tuple(named), sum(counts[name] for name in named) < 0.6 * size)
