"""Parts of a feature's mean pre-activation as signed bars, and the tokens that its attention heads read most."""

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.method.contributions import STRONGEST
from ne_core.queries.attribution import Attribution, Reading, attribution
from ne_core.text.token_text import spelled, visible
from pages.components.base.escape import markdown
from pages.components.url.links import atlas_query, page_href
from pages.components.widgets.clusters import Cluster
from pages.components.widgets.plots.parts_chart import EXPLANATION, MOST, part_name, parts_chart, with_rest


def show_why(atlas: Atlas, neuron: Neuron, cluster: Cluster, what: str) -> None:
    parts = cluster_attribution(atlas, neuron, cluster)
    if parts is None:
        reason = atlas.manifest.why_no_parts
        st.caption(markdown(f"This atlas does not split pre-activations into parts: {reason}."))
        return
    n = len(cluster.rows)
    reads = [read_words(atlas, each.reading, n) for each in parts.largest]
    values = [*named_parts(parts), ("pre-activation", parts.total)]
    parts_chart(f"Parts of the mean pre-activation of {what}", values, reads, key="why")
    examples = f"{n:,} example{'s' * (n != 1)}"
    st.caption(
        f"Parts of the mean pre-activation of the {examples} of {what}, in units of pre-activation. {EXPLANATION}"
    )


def cluster_attribution(atlas: Atlas, neuron: Neuron, cluster: Cluster) -> Attribution | None:
    """Mean parts of a cluster's pre-activations; None if the atlas has none."""
    contributions = atlas.contributions(neuron.ref)
    return None if contributions is None else attribution(atlas, neuron, contributions, cluster.rows, MOST)


def named_parts(parts: Attribution) -> list[tuple[str, float]]:
    """Names and values of the largest parts, of the sum of the others, and of the biases."""
    largest = [(part_name(each.part), each.mean) for each in parts.largest]
    return with_rest(largest, parts.n_rest, parts.rest, parts.biases)


def read_words(atlas: Atlas, reading: Reading | None, n: int) -> dict | None:
    """Return a sentence with one token, which links to the features that fire on it; None without a reading."""
    if reading is None:
        return None
    among = f"one of the {STRONGEST} strongest heads in {reading.n:,} of {n:,} examples, where it "
    start = among if reading.n < n else ""
    if reading.by_token:
        token, before = reading.token, f"{start}reads most often "
        after = f", {distance_words(reading)} ({reading.n_token:,} of {reading.n:,} examples)"
    else:
        token, after = reading.back_token, ""
        count = f"({reading.n_back:,} of {reading.n:,} examples), where it is most often "
        before = f"{start}reads most often from {position_words(reading.back)} {count}"
    text = atlas.vocab[token]
    query = atlas_query(atlas, {"q": spelled(text), "mode": "token"})
    return {"before": before, "token": visible(text), "href": page_href("search", query), "after": after}


def position_words(back: int) -> str:
    if back == 0:
        return "the key token itself"
    steps = "" if abs(back) == 1 else f"{abs(back):,} "
    return f"the token {steps}{'before' if back > 0 else 'after'} it"


def distance_words(reading: Reading) -> str:
    if reading.nearest < 0:
        return "at several distances"
    return f"{reading.nearest:,} to {reading.farthest:,} tokens before the key token"
