"""Texts of the neuron page about a cluster: its facts in a line, and the stored feature that represents it."""

import numpy as np

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.names import ref_name, space_title
from ne_core.numbers import fixed
from pages.components.text.labels import Label, quoted
from pages.components.url.location import listed
from pages.components.url.neuron_view import View
from pages.components.url.reading import Reading
from pages.components.widgets.clusters import Cluster, shared


def number(value: float) -> str:
    return fixed(value)


def facts(atlas: Atlas, neuron: Neuron, cluster: Cluster, reading: Reading) -> str:
    """One line with the measures of a cluster."""
    parts = [f"Mean activation {fixed(neuron.activation[cluster.rows].astype(np.float32).mean())}"]
    if len(cluster) > 1:
        parts.append(f"mean distance within it {number(cluster.distance)}")
    parts.append(lifetime(cluster))
    if not atlas.manifest.images:
        parts.append(importance_words(atlas, neuron, cluster, reading))
    return " · ".join(parts) + "."


def importance_words(atlas: Atlas, neuron: Neuron, cluster: Cluster, reading: Reading) -> str:
    """Phrase on the number of examples with token importance, and the masks it was computed with."""
    rows, baselines = cluster.rows, atlas.manifest.baselines
    computed = int(np.isfinite(neuron.window_importances[rows, 0]).any(axis=1).sum())
    baseline = reading.baseline_number(baselines)
    by = f"the mean over {listed(baselines, 'and')}" if baseline is None else baselines[baseline]
    if not computed:
        return "importance not computed: build with --importance-examples all --importance-passes all"
    return f"importance computed for {computed} of {len(rows)}, masked tokens replaced by {by}"


def lifetime(cluster: Cluster) -> str:
    """Phrase on the cuts at which exactly these examples are one cluster."""
    if not np.isfinite(cluster.parent):
        return f"one cluster at every cut from {number(cluster.height)}"
    lives = number(cluster.parent - cluster.height)
    return f"one cluster at cuts from {number(cluster.height)} to {number(cluster.parent)} (lifetime {lives})"


def tab_title(atlas: Atlas, view: View, labels: list[Label], current: Label) -> str:
    """Title of the browser's tab: the requested feature and its name, else the neuron and its features' first terms.

    An embedding other than the atlas's is named at the end.
    """
    part = f" branch {view.branch}" if view.branch is not None else "" if view.feature is None else f" F{view.feature}"
    name = str(current) if part else quoted(list(dict.fromkeys(each.tokens[0] for each in labels))[:3])
    is_own = view.embedding in (None, atlas.manifest.embedding)
    embedding = "" if is_own else f", {space_title(atlas.manifest, view.embedding).lower()}"
    return f"{ref_name(atlas.manifest, view.neuron)}{part} {name}{embedding}"


def source_words(atlas: Atlas, neuron: Neuron) -> str:
    """Words for the source of the stored features, beside a neuron at another cut or in another embedding."""
    return "the atlas’s cut" if neuron.embedding == atlas.manifest.embedding else "the atlas’s own embedding"


def stored_feature_note(
    stored: Neuron, feature: int, name: Label, cluster: Cluster, what: str, source: str = "the atlas’s cut"
) -> str:
    """Note on whose similar features are listed: only features of the atlas's embedding and cut have them.

    `stored` is the neuron in that embedding, `source` are the words for it.
    """
    inside, size = shared(stored, feature, cluster.rows)
    if inside == size == len(cluster):
        return f"For feature {feature} of {source}, which has the same examples as {what}."
    others = f", and {size - inside} others" if size > inside else ""
    return (
        f"Similar features are stored for {source} only. These are for its feature {feature}, {name}, which "
        f"has {inside} of the {len(cluster)} examples of {what}{others}."
    )
