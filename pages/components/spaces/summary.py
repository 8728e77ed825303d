"""Texts of the page Spaces: titles of spaces, the table of measures, and the caption on what clusters favour."""

from collections.abc import Mapping

from ne_core.atlas import Atlas, names
from ne_core.method.comparison import BEST
from ne_core.method.embeddings import EMBEDDINGS
from ne_core.method.separation import MEASURES, Separation
from ne_core.numbers import fixed
from pages.components.base.escape import markdown
from pages.components.url.spaces_view import FEATURES, View

TITLES = {
    "silhouette": "Silhouette",
    "intra": "Mean distance within clusters",
    "inter": "Mean distance between clusters",
    "ratio": "Within / between",
}
FAVOURED = "Clusters are tight by construction in the space that defines them, which favours it."
BELOW = "Below, over the whole atlas, each space is measured on the clusters of every space."
PLANE = (
    "The plane shows the first two principal components of the unit vectors; differences along others are not "
    "visible. Each side has its own scale. Dashed: the cut at which the tree has the same number of clusters."
)


def space_title(atlas: Atlas, name: str) -> str:
    """“Neuron embedding, x ⊙ w”."""
    title, formula = short_title(atlas, name), EMBEDDINGS[name]
    return title if title.split()[-1] == formula else f"{title}, {formula}"


def clusters_title(atlas: Atlas, clusters: str) -> str:
    if clusters == FEATURES:
        return "The atlas’s features"
    return f"Tree of {short_title(atlas, clusters)}"


def short_title(atlas: Atlas, name: str) -> str:
    return names.space_title(atlas.manifest, name)


def brief_title(atlas: Atlas, name: str) -> str:
    """“Neuron”, at the head of a narrow column."""
    return short_title(atlas, name).removesuffix(" embedding")


def measures_table(atlas: Atlas, view: View, measures: Mapping[str, Separation]) -> str:
    """Markdown table of the measures of both spaces, and which space is better."""
    head = " | ".join(f"{side}: {markdown(space_title(atlas, getattr(view, side)))}" for side in "ab")
    rows = [measure_row(name, [getattr(measures[side], name) for side in "ab"]) for name in MEASURES]
    return f"| | {head} | better |\n|---|---:|---:|:---:|\n" + "\n".join(rows)


def measure_row(name: str, values: list[float]) -> str:
    texts = [fixed(value, 3) for value in values]
    return f"| {TITLES[name]} | {' | '.join(texts)} | {better(name, values)} |"


def better(name: str, values: list[float]) -> str:
    """Return the better space, “–” if equal as displayed. Distances have different scales, so only ratios compare."""
    if name not in BEST:
        return ""
    a, b = (round(value, 3) * BEST[name] for value in values)
    return "**a**" if a > b else "**b**" if b > a else "–"


def caption(atlas: Atlas, view: View, n: int, k: int) -> str:
    unit = atlas.manifest.vocabulary.unit
    source = "the atlas’s features, computed in the space " + short_title(atlas, atlas.manifest.embedding)
    if view.clusters != FEATURES:
        source = (
            f"the tree of {short_title(atlas, view.clusters)}, cut into as many clusters as the {unit} has features"
        )
    examples = f"The same {n:,} examples on both sides, coloured by the same {k:,} cluster{'s' * (k != 1)}: {source}."
    return f"{examples} {FAVOURED}"


def caption_help(atlas: Atlas) -> str:
    """Text on the planes, and on the comparison that favours no space."""
    return PLANE if atlas.comparison is None else f"{BELOW} {PLANE}"
