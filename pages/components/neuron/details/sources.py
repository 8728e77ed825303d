"""Detail of a feature: the number of documents, and of packages or files, that its examples come from."""

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.queries.sources import GROUPS, Spread, short_source, spread
from pages.components.base.escape import markdown
from pages.components.widgets.clusters import Cluster

MOST = 8  # names in a list
CHANCE = (
    "“By chance” is the mean over random sets of as many of the {unit}’s examples. A feature with far fewer documents "
    "may be about one text rather than one meaning."
)


def show_sources(atlas: Atlas, neuron: Neuron, cluster: Cluster, what: str) -> None:
    """Show how far a cluster's examples are spread over sources, beside a random set of the neuron's examples."""
    result, unit = spread(atlas, neuron, cluster.rows), atlas.manifest.vocabulary.unit
    kind = GROUPS[atlas.manifest.documents]
    several = len(atlas.documents.groups) > 1
    st.markdown(spread_words(result, what, kind if several else None, len(neuron), unit))
    frequent = [(name, count) for name, count in result.by_document if count > 1]
    listed = {kind.capitalize(): result.by_group if several else [], "Documents with several examples": frequent}
    for title, counts in listed.items():
        if counts:
            st.caption(f"{title}: {names(counts)}.")
    st.caption(CHANCE.format(unit=unit))


def spread_words(result: Spread, what: str, kind: str | None, n: int, unit: str) -> str:
    """One sentence on the numbers; `kind` is the word for groups, None if the atlas has only one."""
    parts = [(result.by_document, result.documents_by_chance, "documents")]
    parts += [(result.by_group, result.groups_by_chance, kind)] if kind else []
    counts = " and ".join(
        f"**{len(counts):,} {word[:-1] if len(counts) == 1 else word}** (by chance {chance:.1f})"
        for counts, chance, word in parts
    )
    one = result.n_examples == 1
    come = f"The one example of {what} comes" if one else f"The {result.n_examples:,} examples of {what} come"
    return f"{come} from {counts}. The {unit} has {n:,}."


def names(counts: list[tuple[str, int]]) -> str:
    """List the most frequent names with their numbers of examples."""
    rest = [f"and {len(counts) - MOST:,} more"] * (len(counts) > MOST)
    return ", ".join([*(f"{markdown(short_source(name))} {count:,}" for name, count in counts[:MOST]), *rest])
