"""A vocabulary of made-up words: common ones first, as frequent as words of a language are."""

import numpy as np
from jaxtyping import Float

MARKS = ["<|endoftext|>", ",", ".", "\n", ":", ";", "(", ")", '"', "-", "?", "!", "0", "1", "2", "3", "7", "10", "\t"]
SYLLABLES = [consonant + vowel for consonant in "bdfjlmrstv" for vowel in "aeiou"]
ENDS = ["", "n", "r", "l"]
N_COMMON = 200  # words of two syllables, which no concept has for its own


def vocabulary(n: int, rng: np.random.Generator) -> list[str]:
    """`n` different tokens: marks, common words, then rarer ones; most begin with a space, some are parts of words."""
    words = [*short_words(N_COMMON, rng), *long_words(n - len(MARKS) - N_COMMON, rng)]
    kind = rng.random(len(words))
    kind[:N_COMMON] = 1
    spelled = (
        word if k < 0.1 else f" {word.capitalize()}" if k < 0.2 else f" {word}"
        for word, k in zip(words, kind, strict=True)
    )
    return [*MARKS, *spelled]


def short_words(n: int, rng: np.random.Generator) -> list[str]:
    return [text(number, 2) for number in rng.choice(len(SYLLABLES) ** 2, n, replace=False).tolist()]


def long_words(n: int, rng: np.random.Generator) -> list[str]:
    """Of three syllables and an ending, or of four when those run out."""
    syllables = 3 if n <= len(SYLLABLES) ** 3 * len(ENDS) else 4
    numbers = rng.choice(len(SYLLABLES) ** syllables * len(ENDS), n, replace=False)
    return [text(number // len(ENDS), syllables) + ENDS[number % len(ENDS)] for number in numbers.tolist()]


def text(number: int, syllables: int) -> str:
    """The number, spelled in syllables as its digits."""
    parts = []
    for _ in range(syllables):
        number, digit = divmod(number, len(SYLLABLES))
        parts.append(SYLLABLES[digit])
    return "".join(parts)


def frequencies(n: int) -> Float[np.ndarray, " {n}"]:
    """How likely each token is where no concept stands: Zipf's law with Mandelbrot's shift."""
    weights = 1 / (np.arange(n) + 2.7)
    weights[0] = 0  # the end of a text stands inside none
    return weights / weights.sum()
