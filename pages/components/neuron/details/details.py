"""Details of a feature, folded: activations, importance by distance, parts of a pre-activation, effects."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas, Neuron
from ne_core.method.agreement import Agreement, agreement
from ne_core.method.logits import LogitEffects
from ne_core.numbers import fixed
from ne_core.palette import Colour
from ne_core.queries.by_distance import distances, has_importance
from ne_core.queries.density import density, density_words
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.base.escape import markdown
from pages.components.neuron.details.plots import activations_plot, examples_plot, importance_plot, kept_share
from pages.components.neuron.details.sources import show_sources
from pages.components.neuron.details.why import show_why
from pages.components.serving import turns
from pages.components.url.location import listed
from pages.components.url.neuron_view import View
from pages.components.widgets.clusters import Cluster
from pages.components.widgets.effects import effect_lists
from pages.components.widgets.plots.small_plot import small_plot

HOW_TO_COMPUTE = (
    "To compute it, choose “Compute importance” at an example, which needs the model, or build the atlas with "
    "`--importance-examples all --importance-passes all`."
)
EFFECTS_ON_CLASSES = (
    "Effect of one unit of activation on the logits of the classes, less the mean over all classes: raised classes "
    "become more likely. Each class links to the features that fire on its images."
)


@dataclass(frozen=True)
class Detail:
    """One tab: its title, whether the atlas has anything for it, and the function that draws it."""

    title: str
    has_content: bool
    show: Callable[[], None]


@turns.fragment
def show_details(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, colour: Colour, current: int) -> None:
    """Show the details of a feature or branch as tabs, those without content last; computed only when unfolded."""
    what = f"feature {current}" if view.branch is None else f"branch point {view.branch}"
    share = f"{len(cluster):,} of the {atlas.manifest.vocabulary.unit}’s {example_count(len(neuron))}"
    box = st.expander(f"Details of {what}: {share}", key="_details", on_change="rerun")
    if not box.open:
        return
    details = details_of(atlas, neuron, view, cluster, what, colour.css)
    with box:
        for tab, detail in zip(st.tabs([each.title for each in details]), details, strict=True):
            with tab:
                detail.show()


def details_of(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, what: str, colour: str) -> list[Detail]:
    """Return the details; for images no importance and no parts, since no tokens are masked and no parts are stored."""
    baseline = view.reading.baseline_number(atlas.manifest.baselines)
    effects, parts = atlas.logit_effects(neuron.ref), atlas.manifest.parts
    has_density = view.branch is None and atlas.lists(neuron, view.cut)
    feature = FeatureRef(neuron.ref.layer, neuron.ref.neuron, view.feature or 0) if has_density else None
    details = [
        Detail("Its activations", True, lambda: show_its_activations(atlas, neuron, cluster, what, colour, feature)),
        Detail("Effect on the logits", effects is not None, lambda: show_effects(atlas, effects)),
        Detail("Activations", True, lambda: show_activations(atlas, neuron.ref)),
    ]
    if not atlas.manifest.images:
        is_known = has_importance(neuron, cluster.rows, baseline)
        details[1:1] = [
            Detail(
                "Importance by distance",
                is_known,
                lambda: show_importances(atlas, neuron, cluster, baseline, what, colour),
            ),
            Detail("Why this meaning", parts is not None, lambda: show_why(atlas, neuron, cluster, what)),
        ]
    if atlas.documents is not None:
        details.insert(-2, Detail("Sources", True, lambda: show_sources(atlas, neuron, cluster, what)))
    return sorted(details, key=lambda detail: not detail.has_content)


def show_its_activations(
    atlas: Atlas, neuron: Neuron, cluster: Cluster, what: str, colour: str, feature: FeatureRef | None
) -> None:
    """Show how active the examples are, and how often a feature of the atlas's cut fires."""
    show_examples_plot(atlas, neuron, cluster, what, colour)
    if feature is not None:
        show_density(atlas, feature)
    elif atlas.fires is not None and neuron.embedding != atlas.manifest.embedding:
        st.caption("How often a feature fires is counted for features of the atlas’s own embedding only.")


def show_examples_plot(atlas: Atlas, neuron: Neuron, cluster: Cluster, what: str, colour: str) -> None:
    """Show how active the cluster's examples are."""
    activations = neuron.activation[cluster.rows].astype(np.float64)
    if not np.isfinite(activations).any():
        st.caption(f"No example of {what} has a finite activation.")
        return
    plot = examples_plot(atlas, activations, what, colour)
    small_plot(plot, name="its_activations")
    n_bins, words = len(plot["bars"]), atlas.manifest.vocabulary
    st.caption(
        f"The {words.activation} of the {example_count(len(cluster))} of {what}; the {words.unit} has {len(neuron):,}. "
        f"In {n_bins} bin{'s' * (n_bins != 1)} from the lowest to the highest."
    )


def show_importances(
    atlas: Atlas, neuron: Neuron, cluster: Cluster, baseline: int | None, what: str, colour: str
) -> None:
    show_importance(atlas, neuron, cluster, baseline, what, colour)
    show_agreement(atlas, neuron, cluster, what)


def show_importance(
    atlas: Atlas, neuron: Neuron, cluster: Cluster, baseline: int | None, what: str, colour: str
) -> None:
    selected, others = distances(neuron, cluster.rows, baseline)
    if not selected.count.any():
        st.caption(f"Importance was not computed for tokens before the key tokens of {what}. {HOW_TO_COMPUTE}")
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


def show_effects(atlas: Atlas, effects: LogitEffects | None) -> None:
    if effects is None:
        st.caption("This atlas has no effects on the logits: its model was loaded without an unembedding.")
        return
    effect_lists(atlas, effects.raised, effects.lowered)
    st.caption(EFFECTS_ON_CLASSES if atlas.manifest.images else effects_on_tokens(atlas.manifest.vocabulary.unit))


def effects_on_tokens(unit: str) -> str:
    return (
        "Direct effect of one unit of activation on the logits, less the mean over all tokens, up to the final norm’s "
        f"scale: the {unit}’s output weights through the unembedding, past all later layers. What later layers do with "
        f"its output is left out: an active {unit} of an early layer often raises other tokens. Each token links to "
        "the features that fire on it."
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
