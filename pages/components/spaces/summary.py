"""What the page of spaces says: how spaces are called, the measures of both as a table, whom the clusters favour."""

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
FAVOURED = "A space that made the clusters has them together by construction: it is favoured."
BELOW = "Over the whole atlas, below, each space is measured on the clusters of every one of them."
HOW = (
    "The plane shows the two directions along which the unit vectors differ most; what they differ by along others is "
    "not seen. Each side has a scale of its own. Dashed: where its tree has to be cut for as many clusters."
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


def measures_table(atlas: Atlas, view: View, found: Mapping[str, Separation]) -> str:
    """Of both spaces, as Markdown; which is better, where one can be."""
    head = " | ".join(f"{of}: {markdown(space_title(atlas, getattr(view, of)))}" for of in "ab")
    rows = [measure_row(name, [getattr(found[of], name) for of in "ab"]) for name in MEASURES]
    return f"| | {head} | better |\n|---|---:|---:|:---:|\n" + "\n".join(rows)


def measure_row(name: str, values: list[float]) -> str:
    shown = [fixed(value, 3) for value in values]
    return f"| {TITLES[name]} | {' | '.join(shown)} | {better(name, values)} |"


def better(name: str, values: list[float]) -> str:
    """Distances of two spaces are on scales of their own: only their ratio can be better. None where none shows."""
    if name not in BEST:
        return ""
    a, b = (round(value, 3) * BEST[name] for value in values)
    return "**a**" if a > b else "**b**" if b > a else "–"


def caption(atlas: Atlas, view: View, n: int, k: int) -> str:
    whose = "the atlas’s features, found in the space " + short_title(atlas, atlas.manifest.embedding)
    if view.clusters != FEATURES:
        whose = f"the tree of {short_title(atlas, view.clusters)}, cut into as many as the atlas has features"
    said = f"The same {n:,} examples on both sides, in the colours of the same {k:,} cluster{'s' * (k != 1)}: {whose}."
    below = [] if atlas.comparison is None else [BELOW]
    return " ".join([said, FAVOURED, *below, HOW])
