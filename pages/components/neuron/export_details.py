"""What the neuron page exports of its figures under the examples: each as a picture, and the numbers behind it."""

from dataclasses import dataclass

import numpy as np

from ne_core.atlas import Atlas, Neuron
from ne_core.method.agreement import baseline_importances
from ne_core.queries.by_distance import distances
from ne_core.refs import dashed
from pages.components.neuron.detail_plots import activations_plot, effects_plot, importance_plot, why_plot
from pages.components.neuron.why import why_of
from pages.components.widgets.clusters import Cluster
from pages.components.widgets.export import Table
from pages.components.widgets.pictures import Picture


@dataclass(frozen=True)
class Behind:
    """A neuron and what of it is on the page: in words, in a file's name, under which baseline, in which colour."""

    atlas: Atlas
    neuron: Neuron
    cluster: Cluster
    what: str
    short: str
    baseline: str | None
    number: int | None
    colour: str

    def figures(self, stem: str) -> list[Picture]:
        """`stem` is of what depends on the cut: the histogram and the effects are the neuron's at any."""
        found = [Picture("Activation histogram", f"{dashed(self.neuron.ref)}-histogram", self.activations)]
        if self.has_effects:
            found.insert(0, Picture("Effect on the logits", f"{dashed(self.neuron.ref)}-logits", self.effects))
        if self.has_parts:
            found.insert(0, Picture(f"Why this meaning, {self.what}", f"{stem}-{self.short}-why", self.why))
        if self.has_importance:
            title = f"Importance by distance, {self.what}"
            found.insert(0, Picture(title, f"{stem}-{self.by_distance}", self.importance))
        return found

    def tables(self, stem: str) -> list[Table]:
        """Of importance, parts and effects: the histogram's stands among the neuron's."""
        found = []
        if self.has_importance:
            title = f"Importance by distance, {self.what}"
            found.append(Table(title, f"{stem}-{self.by_distance}", self.importance_frame))
        if self.has_parts:
            found.append(Table(f"Why this meaning, {self.what}", f"{stem}-{self.short}-why", self.why_frame))
        if self.has_effects:
            found.append(Table("Effect on the logits", f"{dashed(self.neuron.ref)}-logits", self.effects_frame))
        return found

    @property
    def by_distance(self) -> str:
        return f"{self.short}-by-distance" + (f"-{self.baseline}" if self.baseline else "")

    @property
    def has_importance(self) -> bool:
        """Whether it is known of a token before a key token."""
        values = baseline_importances(self.neuron.window_importances[self.cluster.rows], self.number)
        return bool(np.isfinite(values[:, :-1]).any())

    @property
    def has_parts(self) -> bool:
        return self.atlas.manifest.parts is not None

    @property
    def has_effects(self) -> bool:
        found = self.atlas.logit_effects(self.neuron.ref)
        return found is not None and bool(found.raised or found.lowered)

    def importance(self) -> str:
        here, others = distances(self.neuron, self.cluster.rows, self.number)
        unit = self.atlas.manifest.vocabulary.unit
        return drawn(importance_plot(here, others, self.what, self.colour, unit))

    def why(self) -> str:
        found = why_of(self.atlas, self.neuron, self.cluster)
        return drawn(why_plot(self.atlas, found, self.neuron.ref, self.what))

    def effects(self) -> str:
        ref = self.neuron.ref
        return drawn(effects_plot(self.atlas, self.atlas.logit_effects(ref), ref))

    def activations(self) -> str:
        return drawn(activations_plot(self.atlas, self.neuron.ref))

    def importance_frame(self):
        from ne_core.export.detail_frames import distance_frame

        return distance_frame(*distances(self.neuron, self.cluster.rows, self.number))

    def why_frame(self):
        from ne_core.export.detail_frames import parts_frame

        return parts_frame(self.atlas, self.neuron, self.cluster.rows)

    def effects_frame(self):
        from ne_core.export.detail_frames import effects_frame

        return effects_frame(self.atlas, self.neuron.ref)


def drawn(plot: dict) -> str:
    from ne_core.export.plot_svg import plot_svg

    return plot_svg(plot)
