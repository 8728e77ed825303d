"""Vocabulary of made-up words: common ones first, with the frequencies of a language's words."""

import numpy as np
from jaxtyping import Float

MARKS = ["<|endoftext|>", ",", ".", "\n", ":", ";", "(", ")", '"', "-", "?", "!", "0", "1", "2", "3", "7", "10", "\t"]
SYLLABLES = [consonant + vowel for consonant in "bdfjlmrstv" for vowel in "aeiou"]
ENDS = ["", "n", "r", "l"]
N_COMMON = 200  # words of two syllables, of no concept


def vocabulary(n: int, rng: np.random.Generator) -> list[str]:
    """Return `n` different tokens: marks, common words, then rarer ones; most begin with a space, some are parts of
    words.
    """
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
    """Return words of three syllables and an ending, or of four syllables when those run out."""
    syllables = 3 if n <= len(SYLLABLES) ** 3 * len(ENDS) else 4
    numbers = rng.choice(len(SYLLABLES) ** syllables * len(ENDS), n, replace=False)
    return [text(number // len(ENDS), syllables) + ENDS[number % len(ENDS)] for number in numbers.tolist()]


def text(number: int, syllables: int) -> str:
    """Spell a number with syllables as its digits."""
    parts = []
    for _ in range(syllables):
        number, digit = divmod(number, len(SYLLABLES))
        parts.append(SYLLABLES[digit])
    return "".join(parts)


def frequencies(n: int) -> Float[np.ndarray, " {n}"]:
    """Probability of each token at positions without a concept: the Zipf–Mandelbrot law."""
    weights = 1 / (np.arange(n) + 2.7)
    weights[0] = 0  # the end-of-text mark never occurs inside a text
    return weights / weights.sum()
