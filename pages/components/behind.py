"""What stands behind a neuron, under its examples: importance by distance, effects on the logits, its activations."""

from itertools import pairwise

import numpy as np
import streamlit as st

from ne_core.agreement import Agreement, agreement, of_baseline
from ne_core.atlas import Atlas, Neuron
from ne_core.by_distance import ByDistance, by_distance
from ne_core.palette import feature_colour
from ne_core.refs import NeuronRef
from pages.components.clusters import Cluster
from pages.components.effects import effect_lists
from pages.components.escape import markdown
from pages.components.location import listed
from pages.components.picker import View
from pages.components.plot_axes import count_axis, level_axis, log_count, value_axis
from pages.components.small_plot import Axis, Bar, Series, small_plot


def show_behind(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, current: int) -> None:
    importance, effects, activations = st.tabs(["Importance by distance", "Effect on the logits", "Activations"])
    what = f"feature {current}" if view.branch is None else f"branch point {view.branch}"
    with importance:
        colour = feature_colour(current if view.branch is None else -1).css
        show_importance(atlas, neuron, cluster, view.reading.baseline_number(atlas.manifest.baselines), what, colour)
        show_agreement(atlas, neuron, cluster, what)
    with effects:
        show_effects(atlas, neuron.ref)
    with activations:
        show_activations(atlas, neuron.ref)


def show_importance(
    atlas: Atlas, neuron: Neuron, cluster: Cluster, baseline: int | None, what: str, colour: str
) -> None:
    values = of_baseline(np.asarray(neuron.window_importances), baseline)
    inside = np.zeros(len(neuron), dtype=bool)
    inside[cluster.rows] = True
    here, others = by_distance(values[inside]), by_distance(values[~inside])
    if not here.count.any():
        st.caption(f"Importance was not computed for tokens before the key tokens of {what}.")
        return
    bars = [bar_of(here, i) for i in np.flatnonzero(here.count)[::-1].tolist()]
    points = [(-1.0 - i, float(others.mean[i])) for i in np.flatnonzero(others.count)[::-1].tolist()]
    farthest = len(here.count)
    ticks = [(-float(i), f"−{i}") for i in range(1, farthest + 1) if farthest <= 12 or i == 1 or i % 5 == 0]
    ends = [end for bar in bars for end in (bar.low, bar.high)] + [y for _, y in points]
    small_plot(
        bars,
        Axis(-farthest - 0.5, -0.5, "tokens before the key token", ticks),
        level_axis(min(ends), max(ends), "mean importance"),
        name="by_distance",
        label=f"Mean importance by distance from the key token: {what}.",
        title=what,
        line=Series("the neuron’s other examples", points) if points else None,
        colour=colour,
    )
    among = f", and {counted(others.n_examples)} of the neuron’s other features" if points else ""
    st.caption(
        f"Share of the activation lost when the token at that distance is masked, signed, averaged over the "
        f"{counted(here.n_examples)} of {what} with importances{among}. Lines reach one standard deviation up and "
        "down. The key token itself, whose masking takes all, is left out."
    )


def bar_of(values: ByDistance, i: int) -> Bar:
    mean, spread, count = float(values.mean[i]), float(values.spread[i]), int(values.count[i])
    words = f"−{i + 1}: mean {mean:+.2f}, standard deviation {spread:.2f}, {count:,} token{'s' * (count != 1)}"
    return Bar(-i - 1.5, -i - 0.5, mean, words, mean - spread, mean + spread)


def counted(n: int) -> str:
    return f"{n:,} example{'s' * (n != 1)}"


def show_agreement(atlas: Atlas, neuron: Neuron, cluster: Cluster, what: str) -> None:
    names = atlas.manifest.baselines
    if len(names) < 2:
        st.caption(markdown(f"The atlas has one mask baseline, {names[0]}: there is nothing to compare it with."))
        return
    found = agreement(np.asarray(neuron.window_importances[cluster.rows]))
    if found.n_tokens:
        st.markdown(f"**Do the {len(names)} mask baselines agree?** {agreement_words(found, what)}")
    st.caption(markdown(f"A masked token is replaced by {listed(names)}; the baseline is chosen above the examples."))


def agreement_words(found: Agreement, what: str) -> str:
    said = []
    if np.isfinite(found.sign):
        said.append(f"signs contradict each other on **{1 - found.sign:.0%}** of the underlined tokens")
    said.append(f"the most important token is the same in **{found.top:.0%}** of the examples")
    if np.isfinite(found.correlation):
        said.append(f"importances correlate at **{found.correlation:.2f}**")
    over = f"Over {found.n_tokens:,} tokens before the key tokens of {counted(found.n_examples)} of {what}: "
    return over + "; ".join(said) + "."


def show_effects(atlas: Atlas, ref: NeuronRef) -> None:
    effects = atlas.logit_effects(ref)
    if effects is None:
        st.caption("This atlas holds no effects on the logits: its model was read without an unembedding.")
        return
    effect_lists(atlas, effects.raised, effects.lowered)
    st.caption(
        "Direct effect on the logits of one unit of activation, less the mean over all tokens, up to the final norm’s "
        "scale: the neuron’s output weights through the unembedding, past all later layers. Active, the neuron makes "
        "the tokens raised likelier to come next. Each token leads to the features that fire on it."
    )


def show_activations(atlas: Atlas, ref: NeuronRef) -> None:
    found, n = atlas.histogram(ref), atlas.manifest.sample_positions
    maximum = float(atlas.neurons["maximum"][atlas.neuron_row(ref)])
    share, edges = atlas.manifest.raw["keep"], found.edges.tolist()
    keep = share * maximum if isinstance(share, float) else np.nan  # nothing has checked what a manifest says of it
    shown = [(keep, f"kept from {keep:.2f}"), (maximum, f"maximum {maximum:.2f}")]
    marks = [mark for mark in shown if np.isfinite(mark[0])]
    ends = [found.low, found.high, *(at for at, _ in marks)]
    bars = [
        Bar(low, high, log_count(count), f"{low:.2f} to {high:.2f}: {count:,} position{'s' * (count != 1)}")
        for (low, high), count in zip(pairwise(edges), found.counts.tolist(), strict=True)
    ]
    small_plot(
        bars,
        value_axis(min(ends), max(ends), "activation"),
        count_axis(int(found.counts.max()), "positions"),
        name="histogram",
        label=f"How many sampled positions have which activation, from {found.low:.2f} to {found.high:.2f}.",
        marks=marks,
    )
    st.caption(
        f"Activations on {n:,} sampled positions of the corpus, in {len(bars)} bins; counts on a logarithmic scale. An "
        f"activating example reaches {'a share' if np.isnan(keep) else f'{share:.0%}'} of the neuron’s maximum."
    )
