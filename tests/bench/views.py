"""Views of every page of an atlas, many kinds of each, seeded; those of the heaviest neurons are among them."""

from pathlib import Path

import numpy as np

from ne_core.atlas import Atlas
from pages.components.shell.nav import PAGES

NEURONS = 40
MODES = ("words", "token", "name")


def views(atlas: Atlas, n: int = NEURONS) -> dict[str, list[str]]:
    """Queries by page, "" being the overview: of the neuron page `n` and the heaviest, of others half as many."""
    rng, here = np.random.default_rng(0), f"atlas={atlas.root.name}"
    living = np.flatnonzero(atlas.neurons["n_features"])
    neurons = [spelled(atlas, row) for row in rng.choice(living, size=n, replace=False)]
    found = {
        "": [here] * 20,
        "neuron": [*neurons, *heaviest(atlas)],
        "ranking": [f"{here}{more}" for more in BOARD for _ in range(4)],
        "search": [f"{here}&q={words}&mode={mode}" for words in asked(atlas) for mode in MODES],
    }
    others = [page for page in PAGES if page not in (*found, "overview", "neuron")]
    for page in others:
        found[page] = [f"{here}&{feature(atlas, row)}" for row in rng.choice(living, size=n // 2)]
    found["side_by_side"] = [
        f"{here}&a={dotted(atlas, a)}&b={dotted(atlas, b)}" for a, b in rng.choice(living, size=(n // 2, 2))
    ]
    return {page: queries for page, queries in found.items() if not page or Path(f"pages/{page}.py").exists()}


BOARD = ("", "&class=primary-rare&sort=inter", "&class=many&layer=3&page=4", "&sort=mean&order=asc", "&features=3-9")


def spelled(atlas: Atlas, row: int) -> str:
    layer, neuron = (int(atlas.neurons[name][row]) for name in ("layer", "neuron"))
    return f"atlas={atlas.root.name}&layer={layer}&neuron={neuron}"


def feature(atlas: Atlas, row: int) -> str:
    """A neuron's main feature, in the words that trails, pairs and “more like this” share."""
    return spelled(atlas, row).split("&", 1)[1] + "&feature=0"


def dotted(atlas: Atlas, row: int) -> str:
    """A neuron's main feature, as the page that compares two has it."""
    return f"{atlas.neurons['layer'][row]}.{atlas.neurons['neuron'][row]}.0"


def heaviest(atlas: Atlas) -> list[str]:
    """The two neurons with most examples: at the atlas's cut, at a lower one, and at a feature."""
    rows = np.argsort(-atlas.neurons["n_examples"], kind="stable")[:2]
    return [spelled(atlas, row) + more for row in rows for more in ("", "&cut=0.3", "&feature=2")]


def asked(atlas: Atlas) -> list[str]:
    """One word, from the commonest to the rarest, two words, the beginning of a word, and what no text has."""
    words = [text.strip() for text in atlas.vocab if text.startswith(" ")]
    return [*(words[place] for place in (0, 1, 30, 150, 1000, 20_000)), f"{words[0]}+{words[40]}", words[0][:2], "zzz"]
