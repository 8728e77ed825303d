"""Neurons with planted ideas: single tokens, one idea in different words, fragments of words."""

from ne_core.refs import NeuronRef
from tests.support.planted import HOSTILE, WORDS, Meaning


def in_words(direction: int, tokens: list[int], each: int = 2) -> list[Meaning]:
    """One feature whose key tokens are all of these, `each` times."""
    return [Meaning(direction, token, each) for token in tokens]


CAT, DOG, RED, BLUE, RUNS, SLEEPS, UNDER, MOON, RIVER = range(1, 10)
FRAGMENTS = [len(WORDS) + HOSTILE.index(text) for text in ("日本語", "🙂", "\\xe2")]
SINGLE, SEVERAL, PARTS, ONE, SMALL, UNEVEN = (NeuronRef(0, j) for j in range(6))
PLANTED = {
    0: [
        [Meaning(0, CAT, 8), Meaning(1, RED, 8)],
        [*in_words(0, [CAT, DOG, RED]), *in_words(1, [MOON, RIVER, UNDER])],
        in_words(2, FRAGMENTS),
        [*in_words(3, [RUNS, SLEEPS, BLUE]), Meaning(0, DOG, 9)],
        in_words(1, [CAT, DOG], each=2),  # four examples
        [Meaning(2, CAT, 5), Meaning(2, DOG, 1), Meaning(2, RED, 1)],
    ],
}
