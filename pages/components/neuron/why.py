"""Why this meaning: what writes a feature's pre-activation, as signed bars, and what its heads read most."""

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
MOST = 8  # parts by themselves; the others are summed
NAMES = {"token": "token embedding", "position": "position embedding"}
HELD = (
    "A neuron’s pre-activation is linear in what the model has written by then, when the scale of the norm before the "
    "neuron is held fixed, as it is here, for each example by itself. Biases are what is the same for every token. "
    "What a head reads is the token that most of its part came from."
)


def show_why(atlas: Atlas, neuron: Neuron, cluster: Cluster, what: str) -> None:
    found = why_of(atlas, neuron, cluster)
    if found is None:
        reason = atlas.manifest.why_no_parts
        st.caption(markdown(f"This atlas does not split pre-activations into what wrote them: {reason}."))
        return
    n = len(cluster.rows)
    drawn = {"label": f"What writes the mean pre-activation of {what}", "rows": rows_of(atlas, found, n)}
    WHY(data={"key": drawn_key(drawn), **drawn}, key="why")
    examples = f"{n:,} example{'s' * (n != 1)}"
    st.caption(f"Parts of the mean pre-activation of the {examples} of {what}, in units of pre-activation. {HELD}")


def why_of(atlas: Atlas, neuron: Neuron, cluster: Cluster) -> Attribution | None:
    """What the page shows and exports; None where the atlas does not hold it."""
    wrote = atlas.contributions(neuron.ref)
    return None if wrote is None else attribution(atlas, neuron, wrote, cluster.rows, MOST)


def named_parts(found: Attribution) -> list[tuple[str, float]]:
    """The rows of the chart but the total: the largest parts, the sum of the others, the biases."""
    largest = [(part_name(written), written.mean) for written in found.largest]
    one = found.n_rest == 1
    rest = [("the other part" if one else f"the other {found.n_rest:,} parts", found.rest)] if found.n_rest else []
    return [*largest, *rest, ("biases", found.biases)]


def part_name(written: PartMean) -> str:
    name = str(written.part)
    return NAMES.get(name, f"head {name}" if written.part.kind == "head" else name)


def rows_of(atlas: Atlas, found: Attribution, n: int) -> list[dict]:
    """Bars on one scale, in shares of its length; what heads read beside theirs."""
    values = [*named_parts(found), ("pre-activation", found.total)]
    low, high = (end(0.0, *(value for _, value in values)) for end in (min, max))
    whole = (high - low) or 1.0
    reads = [read_words(atlas, written.reading, n) for written in found.largest]
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
    """A sentence with one token in it, which leads to the features that fire on it."""
    if reading is None:
        return None
    among = f"one of the {STRONGEST} strongest heads in {reading.n:,} of {n:,} examples, where it "
    some = among if reading.n < n else ""
    if reading.by_token:
        token, before = reading.token, f"{some}reads most often "
        after = f", {distance(reading)} ({reading.n_token:,} of {reading.n:,} examples)"
    else:
        token, after = reading.back_token, ""
        often = f"({reading.n_back:,} of {reading.n:,} examples), there most often "
        before = f"{some}reads most often from {place(reading.back)} {often}"
    text = atlas.vocab[token]
    query = atlas_query(atlas, {"q": spelled(text), "mode": "token"})
    return {"before": before, "token": visible(text), "href": page_href("search", query), "after": after}


def place(back: int) -> str:
    if back == 0:
        return "the key token itself"
    far = "" if abs(back) == 1 else f"{abs(back):,} "
    return f"the token {far}{'before' if back > 0 else 'after'} it"


def distance(reading: Reading) -> str:
    if reading.nearest < 0:
        return "at several distances"
    return f"{reading.nearest:,} to {reading.farthest:,} tokens before the key token"
