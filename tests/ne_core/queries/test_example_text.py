"""Texts of the corpus that a model can read again."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.queries.example_text import central_place, example_text, part_around

IDS = np.array([0, 5, 6, 0, 7, 0])


@pytest.mark.parametrize(
    ("pos", "tokens", "place"),
    [(1, [5, 6], 1), (2, [5, 6], 2), (4, [7], 1), (3, [5, 6], 3), (0, [5, 6], 1)],
)
def test_a_part_ends_at_separators_and_counts_the_first_token(pos, tokens, place):
    part, new_pos = part_around(IDS, 0, pos)
    assert (IDS[part].tolist(), new_pos) == (tokens, place)


def test_without_a_first_token_the_part_is_the_whole_example():
    assert part_around(IDS, None, 4) == (slice(0, 6), 4)


def test_the_central_example_of_a_feature_has_its_key_token_there(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    example, pos = central_place(atlas, 0)
    key = atlas.tokens[example, pos]
    assert key in atlas.features["key_tokens"][0]
    text, place = example_text(atlas, example, pos)
    assert text.startswith("".join(atlas.text(atlas.tokens[example, : place + 1])))
