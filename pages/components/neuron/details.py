"""Details of a neuron, below its examples: importance by distance, parts of a pre-activation, effects, activations."""

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.method.agreement import Agreement, agreement
from ne_core.numbers import fixed
from ne_core.palette import feature_colour
from ne_core.queries.by_distance import distances
from ne_core.queries.density import density, density_words
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.base.escape import markdown
from pages.components.neuron.detail_plots import activations_plot, importance_plot, kept_share
from pages.components.neuron.why import show_why
from pages.components.url.location import listed
from pages.components.url.neuron_view import View
from pages.components.widgets.clusters import Cluster
from pages.components.widgets.effects import effect_lists
from pages.components.widgets.small_plot import small_plot

EFFECTS_ON_CLASSES = (
    "Effect of one unit of activation on the logits of the classes, less the mean over all classes: raised classes "
    "become more likely. Each class links to the features that fire on its images."
)


def show_details(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, current: int) -> None:
    """Show four tabs; for images two, since no tokens are masked and no parts of a pre-activation are stored."""
    what = f"feature {current}" if view.branch is None else f"branch point {view.branch}"
    titles = ["Effect on the logits", "Activations"]
    if atlas.manifest.images:
        effects, activations = st.tabs(titles)
    else:
        importance, why, effects, activations = st.tabs(["Importance by distance", "Why this meaning", *titles])
        with importance:
            show_importances(atlas, neuron, view, cluster, what, current)
        with why:
            show_why(atlas, neuron, cluster, what)
    with effects:
        show_effects(atlas, neuron.ref)
    with activations:
        show_activations(atlas, neuron.ref)
        if view.branch is None and view.cut == atlas.manifest.default_cut:
            show_density(atlas, FeatureRef(neuron.ref.layer, neuron.ref.neuron, current))


def show_importances(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, what: str, current: int) -> None:
    colour = feature_colour(current if view.branch is None else -1).css
    show_importance(atlas, neuron, cluster, view.reading.baseline_number(atlas.manifest.baselines), what, colour)
    show_agreement(atlas, neuron, cluster, what)


def show_importance(
    atlas: Atlas, neuron: Neuron, cluster: Cluster, baseline: int | None, what: str, colour: str
) -> None:
    selected, others = distances(neuron, cluster.rows, baseline)
    if not selected.count.any():
        st.caption(f"Importance was not computed for tokens before the key tokens of {what}.")
        return
    unit = atlas.manifest.vocabulary.unit
    small_plot(importance_plot(selected, others, what, colour, unit), name="by_distance")
    among = f", and {example_count(others.n_examples)} of the {unit}’s other features" if others.count.any() else ""
    st.caption(
        f"Share of the activation lost when the token at that distance is masked, signed, averaged over the "
        f"{example_count(selected.n_examples)} of {what} with importances{among}. Lines extend one standard "
        "deviation up and down. The key token is left out: masking it removes the activation."
    )


def example_count(n: int) -> str:
    return f"{n:,} example{'s' * (n != 1)}"


def show_agreement(atlas: Atlas, neuron: Neuron, cluster: Cluster, what: str) -> None:
    names = atlas.manifest.baselines
    if len(names) < 2:
        st.caption(markdown(f"The atlas has one mask baseline, {names[0]}: there is nothing to compare it with."))
        return
    result = agreement(np.asarray(neuron.window_importances[cluster.rows]))
    if result.n_tokens:
        st.markdown(f"**Do the {len(names)} mask baselines agree?** {agreement_words(result, what)}")
    st.caption(markdown(f"A masked token is replaced by {listed(names)}; the baseline is chosen above the examples."))


def agreement_words(result: Agreement, what: str) -> str:
    parts = []
    if np.isfinite(result.sign):
        parts.append(f"signs contradict each other on **{1 - result.sign:.0%}** of the underlined tokens")
    parts.append(f"the most important token is the same in **{result.top:.0%}** of the examples")
    if np.isfinite(result.correlation):
        parts.append(f"importances correlate at **{fixed(result.correlation)}**")
    over = f"Over {result.n_tokens:,} tokens before the key tokens of {example_count(result.n_examples)} of {what}: "
    return over + "; ".join(parts) + "."


def show_effects(atlas: Atlas, ref: NeuronRef) -> None:
    effects = atlas.logit_effects(ref)
    if effects is None:
        st.caption("This atlas has no effects on the logits: its model was loaded without an unembedding.")
        return
    effect_lists(atlas, effects.raised, effects.lowered)
    st.caption(EFFECTS_ON_CLASSES if atlas.manifest.images else effects_on_tokens(atlas.manifest.vocabulary.unit))


def effects_on_tokens(unit: str) -> str:
    return (
        "Direct effect of one unit of activation on the logits, less the mean over all tokens, up to the final norm’s "
        f"scale: the {unit}’s output weights through the unembedding, past all later layers. An active {unit} makes "
        "the raised tokens more likely to come next. Each token links to the features that fire on it."
    )


def show_activations(atlas: Atlas, ref: NeuronRef) -> None:
    plot, share, words = activations_plot(atlas, ref), kept_share(atlas), atlas.manifest.vocabulary
    small_plot(plot, name="histogram")
    fraction = "a share" if np.isnan(share) else f"{share:.0%}"
    least = "is above 0" if share == 0 else f"reaches {fraction} of the {words.unit}’s maximum"
    st.caption(
        f"Activations on {atlas.manifest.sample_positions:,} sampled {words.positions}, in {len(plot['bars'])} "
        f"bins; counts on a logarithmic scale. An activating example {least}."
    )


def show_density(atlas: Atlas, ref: FeatureRef) -> None:
    """Show how often a feature fires over the corpus, or how to count it; nothing where that cannot be counted."""
    counted = density(atlas, ref)
    if counted is not None:
        st.markdown(f"**How often it fires.** {density_words(ref, counted)}")
        st.caption("Tokens of one text are not independent: the interval (95 %, Wilson) is rather too narrow.")
    elif atlas.manifest.inputs and not atlas.manifest.images:
        st.caption(
            "How often each feature fires over the whole corpus is not counted in this atlas: "
            "`python -m precompute read DIR --corpus` counts it, with the atlas’s model."
        )
