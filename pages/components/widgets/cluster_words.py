"""What the neuron page says of a cluster: its facts in a line, and which stored feature stands in for it."""

import numpy as np

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.names import ref_name
from ne_core.numbers import fixed
from pages.components.text.labels import Label, quoted
from pages.components.url.location import listed
from pages.components.url.neuron_view import View
from pages.components.url.reading import Reading
from pages.components.widgets.clusters import Cluster, shared


def number(value: float) -> str:
    return fixed(value)


def facts(atlas: Atlas, neuron: Neuron, cluster: Cluster, reading: Reading) -> str:
    """What is known of a cluster, in one line."""
    said = [f"Mean activation {fixed(neuron.activation[cluster.rows].astype(np.float32).mean())}"]
    if len(cluster) > 1:
        said.append(f"mean distance within it {number(cluster.distance)}")
    said.append(lifetime(cluster))
    if not atlas.manifest.images:
        said.append(importance_words(atlas, neuron, cluster, reading))
    return " · ".join(said) + "."


def importance_words(atlas: Atlas, neuron: Neuron, cluster: Cluster, reading: Reading) -> str:
    """For how many examples token importance is known, and by which masks."""
    rows, baselines = cluster.rows, atlas.manifest.baselines
    computed = int(np.isfinite(neuron.window_importances[rows, 0]).any(axis=1).sum())
    baseline = reading.baseline_number(baselines)
    by = f"the mean over {listed(baselines, 'and')}" if baseline is None else baselines[baseline]
    if not computed:
        return "importance not computed"
    return f"importance computed for {computed} of {len(rows)}, masked tokens replaced by {by}"


def lifetime(cluster: Cluster) -> str:
    """At which cuts these examples are one cluster, no more and no fewer."""
    if not np.isfinite(cluster.parent):
        return f"one cluster at every cut from {number(cluster.height)}"
    lives = number(cluster.parent - cluster.height)
    return f"one cluster at cuts from {number(cluster.height)} to {number(cluster.parent)} (lifetime {lives})"


def tab_title(atlas: Atlas, view: View, labels: list[Label], shown: Label) -> str:
    """What the browser's tab says: the feature and its name; without one the neuron and what it fires on."""
    at = f" branch {view.branch}" if view.branch is not None else "" if view.feature is None else f" F{view.feature}"
    name = str(shown) if at else quoted(list(dict.fromkeys(each.tokens[0] for each in labels))[:3])
    return f"{ref_name(atlas.manifest, view.neuron)}{at} {name}"


def stands_in(neuron: Neuron, feature: int, name: Label, cluster: Cluster, what: str) -> str:
    """Similar features are stored for the atlas's cut alone: one of its features stands in for what is shown."""
    inside, size = shared(neuron, feature, cluster.rows)
    if inside == size == len(cluster):
        return f"Those of feature {feature} of the atlas’s cut, which has the same examples as {what}."
    others = f", and {size - inside} others" if size > inside else ""
    return (
        f"Similar features are known for the atlas’s cut. These are those of its feature {feature}, {name}, which "
        f"holds {inside} of the {len(cluster)} examples of {what}{others}."
    )
