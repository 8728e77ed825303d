"""Parts of a feature's mean pre-activation as signed bars, and the tokens that its attention heads read most."""

import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.method.contributions import STRONGEST
from ne_core.numbers import signed
from ne_core.queries.attribution import Attribution, PartMean, Reading, attribution
from ne_core.text.token_text import spelled, visible
from pages.components.base.assets import component, drawn_key
from pages.components.base.escape import markdown
from pages.components.url.links import atlas_query, page_href
from pages.components.widgets.clusters import Cluster

WHY = component(__file__, "why", html='<ul id="parts"></ul>')
MOST = 8  # parts shown separately; the others are summed
NAMES = {"token": "token embedding", "position": "position embedding"}
EXPLANATION = (
    "With the scale of the preceding norm held fixed for each example, a neuron’s pre-activation is a sum of the "
    "contributions of embeddings, heads and MLPs before it. Biases are the part that is the same for every token. "
    "The token that a head reads is the one from which most of its contribution comes."
)


def show_why(atlas: Atlas, neuron: Neuron, cluster: Cluster, what: str) -> None:
    parts = cluster_attribution(atlas, neuron, cluster)
    if parts is None:
        reason = atlas.manifest.why_no_parts
        st.caption(markdown(f"This atlas does not split pre-activations into parts: {reason}."))
        return
    n = len(cluster.rows)
    drawn = {"label": f"Parts of the mean pre-activation of {what}", "rows": chart_rows(atlas, parts, n)}
    WHY(data={"key": drawn_key(drawn), **drawn}, key="why")
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
    largest = [(part_name(each), each.mean) for each in parts.largest]
    one = parts.n_rest == 1
    rest = [("the other part" if one else f"the other {parts.n_rest:,} parts", parts.rest)] if parts.n_rest else []
    return [*largest, *rest, ("biases", parts.biases)]


def part_name(part_mean: PartMean) -> str:
    name = str(part_mean.part)
    return NAMES.get(name, f"head {name}" if part_mean.part.kind == "head" else name)


def chart_rows(atlas: Atlas, parts: Attribution, n: int) -> list[dict]:
    """Rows of the chart: bars in shares of a common scale, and for heads the token that they read."""
    values = [*named_parts(parts), ("pre-activation", parts.total)]
    low, high = (end(0.0, *(value for _, value in values)) for end in (min, max))
    whole = (high - low) or 1.0
    reads = [read_words(atlas, each.reading, n) for each in parts.largest]
    reads += [None] * (len(values) - len(reads))
    return [
        {
            "name": name,
            "value": signed(value),
            "from": round((min(value, 0.0) - low) / whole, 4),
            "size": round(abs(value) / whole, 4),
            "raises": value > 0,
            "total": i == len(values) - 1,
            "reads": read,
        }
        for i, ((name, value), read) in enumerate(zip(values, reads, strict=True))
    ]


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
