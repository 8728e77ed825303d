"""Names of the map's regions, on planted positions."""

import numpy as np
import pytest

from ne_core.queries import regions as regions_module
from ne_core.queries.regions import CellWords, joined_cells, neighbours, regions

WORDS = np.array([0, 1, 1, 2])  # tokens 1 and 2 are spellings of one word
HALF_CELL = 0.5 / regions_module.CELLS


def at(*cells: tuple[int, int]) -> np.ndarray:
    """Centres of cells of the first level, as positions on the map."""
    return (np.array(cells, dtype=float) + 0.5) / regions_module.CELLS


def test_map_without_features_has_no_regions():
    for level in range(len(regions_module.MOST)):
        assert not len(regions(np.zeros((0, 2)), np.zeros(0, dtype=int), WORDS, level).x)


def test_region_is_named_by_the_word_that_tells_it_from_the_rest():
    # everywhere half of the features fire on word 0; the first cell has as many of word 1, in two spellings
    positions = np.repeat(at((1, 1), (8, 8)), 8, axis=0)
    token = np.array([0] * 4 + [1] * 1 + [2] * 3 + [0] * 4 + [3] * 4)
    named = regions(positions, token, WORDS, 0)
    assert named.token.tolist() == [2, 3]  # the commonest spelling
    assert named.count.tolist() == [4, 4]
    np.testing.assert_allclose([named.x, named.y], at((1, 1), (8, 8)).T)


def test_adjacent_cells_with_one_word_are_one_region_and_others_are_not():
    cells = [(0, 0), (1, 1), (2, 1), (5, 1), (11, 2), (0, 3)]  # the last two are at opposite edges of the map
    positions, token = np.repeat(at(*cells), 4, axis=0), np.ones(24, dtype=int)
    named = regions(positions, token, WORDS, 0)
    assert named.count.tolist() == [12, 4, 4, 4]
    np.testing.assert_allclose([named.x[0], named.y[0]], at(*cells[:3]).mean(axis=0))


@pytest.mark.parametrize("seed", range(5))
def test_joined_cells_are_those_that_a_walk_reaches(seed):
    random, side = np.random.default_rng(seed), 9
    cell = np.flatnonzero(random.random(side * side) < 0.6)
    named = CellWords(cell, random.integers(0, 2, len(cell)))
    number = joined_cells(named, side)
    pending = dict(zip(cell.tolist(), named.word.tolist(), strict=True))
    groups = []
    while pending:
        start, word = pending.popitem()
        group, edge = {start}, [start]
        while edge:
            y, x = divmod(edge.pop(), side)
            near = [(y + dy) * side + x + dx for dy in (-1, 0, 1) for dx in (-1, 0, 1) if 0 <= x + dx < side]
            new = [each for each in near if pending.get(each) == word]
            edge += new
            group |= set(new)
            for each in new:
                del pending[each]
        groups.append(group)
    numbers = [set(cell[number == each].tolist()) for each in np.unique(number)]
    assert sorted(map(sorted, numbers)) == sorted(map(sorted, groups))


def test_neighbours_do_not_wrap_around_the_map():
    named = CellWords(np.array([2, 3]), np.array([7, 7]))  # the end of the first row and the start of the second
    assert neighbours(named, 3, 1, 0).size == 0


def test_rare_words_name_no_region():
    assert not len(regions(np.repeat(at((3, 3)), 3, axis=0), np.ones(3, dtype=int), WORDS, 0).x)


def test_deeper_levels_divide_a_region(monkeypatch):
    corner = at((4, 4)) - HALF_CELL
    quarters = corner + np.array([[0.2, 0.2], [0.7, 0.7]]) / regions_module.CELLS
    positions, token = np.repeat(quarters, 4, axis=0), np.array([1] * 4 + [3] * 4)
    assert regions(positions, token, WORDS, 0).count.tolist() == [4]
    assert regions(positions, token, WORDS, 1).token.tolist() == [1, 3]
    monkeypatch.setattr(regions_module, "MOST", (1, 1))
    assert regions(positions, token, WORDS, 1).token.tolist() == [1]
