"""What visitors do: seeded journeys over every page, most of them from neuron to neuron."""

from collections.abc import Iterator

import numpy as np

from ne_core.atlas import Atlas
from tests.bench.views import views

# Of a hundred clicks, how many lead to which page; "" is the overview. What has no weight here gets one.
NEURONS = 2000  # so that few of a run's views have been seen before
WEIGHTS = {"neuron": 46, "search": 14, "ranking": 12, "map": 8, "": 6, "across_layers": 6, "side_by_side": 6}


def journeys(atlas: Atlas) -> Iterator[Iterator[tuple[str, str]]]:
    """Of one visitor after another, the pages and queries that they go to, without an end."""
    offered = views(atlas, NEURONS)
    return (journey(offered, number) for number in range(10**6))


def journey(offered: dict[str, list[str]], number: int) -> Iterator[tuple[str, str]]:
    rng, pages = np.random.default_rng(number), list(offered)
    weights = np.array([WEIGHTS.get(page, 1) for page in pages], dtype=float)
    while True:
        page = pages[rng.choice(len(pages), p=weights / weights.sum())]
        yield page, offered[page][rng.integers(len(offered[page]))]
