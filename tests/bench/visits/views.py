"""Views of every page of an atlas, many kinds of each, seeded; those of the largest neurons are among them."""

from pathlib import Path

import numpy as np

from ne_core.atlas import Atlas
from pages.components.shell.nav import PAGES

NEURONS = 40
MODES = ("words", "token", "name")


def views(atlas: Atlas, n: int = NEURONS) -> dict[str, list[str]]:
    """Return queries by page, "" being the overview: `n` and the largest for the neuron page, fewer for others."""
    rng, atlas_query = np.random.default_rng(0), f"atlas={atlas.root.name}"
    rows_with_features = np.flatnonzero(atlas.neurons["n_features"])
    neurons = [neuron_query(atlas, row) for row in rng.choice(rows_with_features, size=n, replace=False)]
    queries_by_page = {
        "": [atlas_query] * 20,
        "neuron": [*neurons, *largest_neurons(atlas)],
        "ranking": [f"{atlas_query}{filters}" for filters in BOARD for _ in range(4)],
        "search": [f"{atlas_query}&q={terms}&mode={mode}" for terms in search_terms(atlas) for mode in MODES],
    }
    others = [page for page in PAGES if page not in (*queries_by_page, "overview", "neuron")]
    for page in others:
        queries_by_page[page] = [
            f"{atlas_query}&{feature_query(atlas, row)}" for row in rng.choice(rows_with_features, size=n // 2)
        ]
    queries_by_page["side_by_side"] = [
        f"{atlas_query}&a={feature_name(atlas, a)}&b={feature_name(atlas, b)}"
        for a, b in rng.choice(rows_with_features, size=(n // 2, 2))
    ]
    return {page: queries for page, queries in queries_by_page.items() if not page or Path(f"pages/{page}.py").exists()}


BOARD = ("", "&class=primary-rare&sort=inter", "&class=many&layer=3&page=1", "&sort=mean&order=asc", "&features=3-9")


def neuron_query(atlas: Atlas, row: int) -> str:
    layer, neuron = (int(atlas.neurons[name][row]) for name in ("layer", "neuron"))
    return f"atlas={atlas.root.name}&layer={layer}&neuron={neuron}"


def feature_query(atlas: Atlas, row: int) -> str:
    """Query of a neuron's main feature, for pages that show one feature."""
    return neuron_query(atlas, row).split("&", 1)[1] + "&feature=0"


def feature_name(atlas: Atlas, row: int) -> str:
    """A neuron's main feature as LAYER.NEURON.FEATURE, for the page that compares two."""
    return f"{atlas.neurons['layer'][row]}.{atlas.neurons['neuron'][row]}.0"


def largest_neurons(atlas: Atlas) -> list[str]:
    """Queries of the two neurons with most examples: at the atlas's cut, at a lower one, and at a feature."""
    rows = np.argsort(-atlas.neurons["n_examples"], kind="stable")[:2]
    return [neuron_query(atlas, row) + suffix for row in rows for suffix in ("", "&cut=0.3", "&feature=2")]


def search_terms(atlas: Atlas) -> list[str]:
    """Words from the commonest to the rarest, two words, the beginning of a word, and one that no text has."""
    words = [text.strip() for text in atlas.vocab if text.startswith(" ")]
    ranks = [min(rank, len(words) - 1) for rank in (0, 1, 30, 150, 1000, 20_000)]
    return [*(words[rank] for rank in ranks), f"{words[0]}+{words[40]}", words[0][:2], "zzz"]
