"""Export of the figures below a neuron's examples: each as a picture, and its numbers as a table."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas, Neuron
from ne_core.queries.activations import example_histogram
from ne_core.queries.by_distance import distances, has_importance
from ne_core.refs import dashed
from pages.components.neuron.details.plots import (
    activations_plot,
    effects_plot,
    examples_plot,
    importance_plot,
    why_plot,
)
from pages.components.neuron.details.why import cluster_attribution
from pages.components.widgets.clusters import Cluster
from pages.components.widgets.export import Table
from pages.components.widgets.pictures.pictures import Picture


@dataclass(frozen=True)
class Details:
    """Details of a cluster of a neuron: `what` names it in titles, `short` in names of files."""

    atlas: Atlas
    neuron: Neuron
    cluster: Cluster
    what: str
    short: str
    baseline: str | None
    number: int | None
    colour: str

    def figures(self, stem: str) -> list[Picture]:
        """Return the figures. `stem` begins the names of files that depend on the cut."""
        pictures = [Picture("Activation histogram", f"{dashed(self.neuron.ref)}-histogram", self.activations)]
        if example_histogram(self.activations_of_examples):
            title = f"Activations of {self.what}"
            pictures.append(Picture(title, f"{stem}-{self.short}-activations", self.its_activations))
        if self.has_effects:
            pictures.insert(0, Picture("Effect on the logits", f"{dashed(self.neuron.ref)}-logits", self.effects))
        if self.has_parts:
            pictures.insert(0, Picture(f"Why this meaning, {self.what}", f"{stem}-{self.short}-why", self.why))
        if self.has_importance:
            title = f"Importance by distance, {self.what}"
            pictures.insert(0, Picture(title, f"{stem}-{self.by_distance}", self.importance))
        return pictures

    def tables(self, stem: str) -> list[Table]:
        """Return the tables; that of the histogram is among the neuron's (export_neuron.py)."""
        tables = []
        if self.has_importance:
            title = f"Importance by distance, {self.what}"
            tables.append(Table(title, f"{stem}-{self.by_distance}", self.importance_frame))
        if self.has_parts:
            tables.append(Table(f"Why this meaning, {self.what}", f"{stem}-{self.short}-why", self.why_frame))
        if self.has_effects:
            tables.append(Table("Effect on the logits", f"{dashed(self.neuron.ref)}-logits", self.effects_frame))
        return tables

    @property
    def by_distance(self) -> str:
        return f"{self.short}-by-distance" + (f"-{self.baseline}" if self.baseline else "")

    @property
    def has_importance(self) -> bool:
        """True if the importance of any token before a key token is known."""
        return has_importance(self.neuron, self.cluster.rows, self.number)

    @property
    def has_parts(self) -> bool:
        return self.atlas.manifest.parts is not None

    @property
    def has_effects(self) -> bool:
        effects = self.atlas.logit_effects(self.neuron.ref)
        return effects is not None and bool(effects.raised or effects.lowered)

    def importance(self) -> str:
        selected, others = distances(self.neuron, self.cluster.rows, self.number)
        unit = self.atlas.manifest.vocabulary.unit
        return svg(importance_plot(selected, others, self.what, self.colour, unit))

    def why(self) -> str:
        parts = cluster_attribution(self.atlas, self.neuron, self.cluster)
        return svg(why_plot(self.atlas, parts, self.neuron.ref, self.what))

    def effects(self) -> str:
        ref = self.neuron.ref
        return svg(effects_plot(self.atlas, self.atlas.logit_effects(ref), ref))

    @property
    def activations_of_examples(self) -> Float[np.ndarray, " n_rows"]:
        return self.neuron.activation[self.cluster.rows].astype(np.float64)

    def its_activations(self) -> str:
        values = self.activations_of_examples
        return svg(examples_plot(self.atlas, values, self.what, self.colour))

    def activations(self) -> str:
        return svg(activations_plot(self.atlas, self.neuron.ref))

    def importance_frame(self):
        from ne_core.export.detail_frames import distance_frame

        return distance_frame(*distances(self.neuron, self.cluster.rows, self.number))

    def why_frame(self):
        from ne_core.export.detail_frames import parts_frame

        return parts_frame(self.atlas, self.neuron, self.cluster.rows)

    def effects_frame(self):
        from ne_core.export.detail_frames import effects_frame

        return effects_frame(self.atlas, self.neuron.ref)


def svg(plot: dict) -> str:
    from ne_core.export.svg.plot import plot_svg

    return plot_svg(plot)
