"""One neuron at two cuts or in two embeddings: how far its two partitions agree, and where examples go."""

import numpy as np
import streamlit as st
from jaxtyping import Int

from ne_core.atlas import Atlas
from ne_core.atlas.names import space_title
from ne_core.method.partitions import adjusted_rand, in_common
from ne_core.numbers import fixed
from pages.components.base.escape import markdown
from pages.components.side_by_side.feature import SideFeature
from pages.components.text.labels import quoted

MOST = 6  # features of each side in the table, the largest
MEANING = (
    "Adjusted Rand index of the two partitions: 1 if they put the same pairs of examples together, 0 on average for "
    "unrelated partitions with features of these sizes."
)


def show_partitions(atlas: Atlas, a: SideFeature, b: SideFeature) -> None:
    """Show the agreement of the partitions, and the shared examples of their largest features."""
    parts = [side.neuron.features(side.cut) for side in (a, b)]
    counts = in_common(*parts)
    agreement = fixed(adjusted_rand(*parts))
    st.metric("Agreement of the partitions", agreement, help=MEANING, width="content")
    st.markdown(overlap_line(a, b, int(counts[a.ref.feature, b.ref.feature])))
    st.markdown(table(counts, a, b))
    st.caption(markdown(" ".join(axis_words(atlas, side, name) for name, side in (("Rows", a), ("Columns", b)))))


def overlap_line(a: SideFeature, b: SideFeature, n: int) -> str:
    """Sentence on the examples that are in both features."""
    sizes = f"of a’s {len(a.cluster):,} and b’s {len(b.cluster):,}"
    return f"**Examples in both:** {n:,} {sizes}. Number of examples in each feature of a and of b:"


def table(counts: Int[np.ndarray, "k_a k_b"], a: SideFeature, b: SideFeature) -> str:
    """Markdown table of the shared examples of the largest features, those of the page in bold, with what is left."""
    current = a.ref.feature, b.ref.feature
    rows, columns = (shown(n, i) for n, i in zip(counts.shape, current, strict=True))
    head = " | ".join(name(b, i, current[1]) for i in columns)
    lines = [f"| a, b | {head} | others |", f"|---|{'---:|' * (len(columns) + 1)}"]
    for i in rows:
        lines.append(line(name(a, i, current[0]), counts[i], columns, bold=current[1] if i == current[0] else None))
    rest = counts.sum(axis=0) - counts[rows].sum(axis=0)
    return "\n".join([*lines, line("others", rest, columns, bold=None)])


def shown(n: int, current: int) -> list[int]:
    """The largest features and the current one."""
    return [i for i in range(n) if i < MOST or i == current]


def name(side: SideFeature, feature: int, current: int) -> str:
    """“F3 “cat””: number and first key term."""
    words = markdown(f"F{feature} {quoted(side.labels[feature].tokens[:1])}")
    return f"**{words}**" if feature == current else words


def line(title: str, counts: Int[np.ndarray, " k_b"], columns: list[int], bold: int | None) -> str:
    cells = [f"**{counts[j]}**" if j == bold else str(counts[j] or "·") for j in columns]
    return f"| {title} | {' | '.join(cells)} | {int(counts.sum() - counts[columns].sum()) or '·'} |"


def axis_words(atlas: Atlas, side: SideFeature, axis: str) -> str:
    n = int(side.neuron.features(side.cut).max()) + 1
    space = space_title(atlas.manifest, side.neuron.embedding).lower()
    return f"{axis}: {n:,} feature{'s' * (n != 1)} at cut {side.cut:g}, {space}."
