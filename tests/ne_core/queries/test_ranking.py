"""Ranking: rows against a loop over the neurons, quantiles and planted classes."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.classes import CLASSES
from ne_core.queries.ranking import Filter, Ranking, ranking


@pytest.fixture(scope="module")
def planted(tiny_atlas) -> Ranking:
    return ranking(Atlas.open(tiny_atlas))


@pytest.fixture(scope="module")
def random_ranking() -> Ranking:
    rng = np.random.default_rng(0)
    n = 500
    distance = rng.uniform(size=n).astype(np.float32)
    distance[rng.choice(n, 50, replace=False)] = np.nan
    columns = {
        "layer": np.repeat([0, 1, 2, 5], n // 4).astype(np.int16),
        "neuron": np.tile(np.arange(n // 4), 4).astype(np.int32),
        "class": rng.integers(len(CLASSES), size=n).astype(np.int8),
        "n_features": rng.integers(12, size=n).astype(np.int32),
        "n_examples": rng.integers(100, size=n).astype(np.int32),
        "mean_distance": distance,
    }
    return Ranking(columns, (0, 1, 2, 5))


def by_loop(table: Ranking, wanted: Filter, sort: str, descending: bool) -> list[int]:
    """Filter and sort with Python's own functions; NaN last."""
    cells = {name: values.tolist() for name, values in table.columns.items()}

    def passes(i: int) -> bool:
        inside = all((a is None or cells[c][i] >= a) and (b is None or cells[c][i] <= b) for c, a, b in wanted.ranges)
        layer = wanted.layer is None or cells["layer"][i] == wanted.layer
        return inside and layer and (wanted.kind is None or CLASSES[cells["class"][i]] == wanted.kind)

    def key(i: int) -> tuple:
        value = i if sort == "neuron" else cells[sort][i]
        return (value != value, -value if descending else value, i) if value == value else (True, 0, i)

    return sorted(filter(passes, range(len(table))), key=key)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", ["neuron", "n_features", "mean_distance", "class"])
@pytest.mark.parametrize(
    "wanted",
    [
        Filter(),
        Filter(layer=5),
        Filter(kind="related"),
        Filter(ranges=(("n_features", 2.0, None), ("mean_distance", 0.2, 0.7))),
        Filter(1, "many", (("n_examples", None, 60.0),)),
        Filter(ranges=(("n_features", 99.0, None),)),
    ],
)
def test_rows_match_a_loop(wanted, sort, descending, random_ranking):
    assert random_ranking.rows(wanted, sort, descending).tolist() == by_loop(random_ranking, wanted, sort, descending)


def test_sorted_columns_are_cached(random_ranking):
    assert random_ranking.order("n_features", True) is random_ranking.order("n_features", True)


def test_planted_neurons_of_a_class(planted):
    rows = planted.rows(Filter(kind="primary-rare"), "n_examples", True)
    assert [(int(planted.columns["layer"][i]), int(planted.columns["neuron"][i])) for i in rows] == [(0, 0), (2, 0)]


def test_ends_and_quantiles_ignore_nan(random_ranking):
    known = random_ranking.columns["mean_distance"][np.isfinite(random_ranking.columns["mean_distance"])]
    assert random_ranking.ends("mean_distance") == (known.min(), known.max())
    last = random_ranking.columns["mean_distance"][375:][random_ranking.columns["n_examples"][375:] > 0]
    assert random_ranking.quantiles("mean_distance")[3, 2] == pytest.approx(np.nanmedian(last))


def test_ranking_without_numbers():
    empty = np.full(2, np.nan, dtype=np.float32)
    zeros = np.zeros(2, dtype=np.int32)
    unknown = Ranking({"layer": zeros, "n_examples": zeros, "n_features": zeros, "mean_distance": empty}, (0,))
    assert unknown.ends("mean_distance") is None
    assert np.isnan(unknown.quantiles("mean_distance")).all()
