"""Near misses of a word: edit distances against a plain recursion, their order and bounds."""

import random
from functools import cache

import pytest

from ne_core.text import near_miss
from ne_core.text.near_miss import edit_distances, near_misses


@cache
def distance(a: str, b: str) -> int:
    """Definition of the distance, letter by letter from the end."""
    if not a or not b:
        return len(a) + len(b)
    edits = [distance(a[:-1], b) + 1, distance(a, b[:-1]) + 1, distance(a[:-1], b[:-1]) + (a[-1] != b[-1])]
    if len(a) > 1 and len(b) > 1 and (a[-1], a[-2]) == (b[-2], b[-1]):
        edits.append(distance(a[:-2], b[:-2]) + 1)
    return min(edits)


def test_no_words_have_no_near_misses():
    assert near_misses("import", [], 3) == near_misses("", ["a"], 3) == []
    assert edit_distances("import", []).tolist() == []


def test_distances_match_the_definition():
    rng = random.Random(0)
    words = ["".join(rng.choice("abc") for _ in range(rng.randint(0, 7))) for _ in range(120)]
    for word in words[:20]:
        assert edit_distances(word, words).tolist() == [distance(word, other) for other in words]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("improt", ["import", "imports"]),  # letters swapped; one more
        ("imort", ["import", "imports"]),
        ("import", ["imports"]),  # not the word itself
        ("teh", ["the"]),
        ("xyz", []),
        ("日本誤", ["日本語"]),
        ("im", []),  # too short
        ("i" * 31, []),
    ],
)
def test_near_misses_of_a_vocabulary(word, expected):
    assert near_misses(word, ["the", "then", "imports", "import", "日本語", "i" * 32], 3) == expected


def test_nearest_come_first_then_the_given_order():
    assert near_misses("river", ["rivets", "rover", "liver", "rivers"], 9) == ["rover", "liver", "rivers", "rivets"]
    assert near_misses("river", ["rivets", "rover", "liver", "rivers"], 2) == ["rover", "liver"]


def test_number_of_compared_words_is_bounded(monkeypatch):
    monkeypatch.setattr(near_miss, "MOST_WORDS", 2)
    assert near_misses("river", ["rivets", "rover", "liver"], 9) == ["rover", "rivets"]
