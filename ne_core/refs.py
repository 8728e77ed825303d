"""Names of things in an atlas: a neuron, one of its features, and how each is spelled in a URL."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class NeuronRef:
    """Neuron `neuron` of the model's layer `layer`, both counted from 0."""

    layer: int
    neuron: int

    def query(self) -> dict[str, str]:
        """The part of a URL that names this neuron."""
        return {"layer": str(self.layer), "neuron": str(self.neuron)}

    def __str__(self) -> str:
        return f"L{self.layer} N{self.neuron}"


@dataclass(frozen=True, order=True)
class FeatureRef:
    """Feature `feature` of a neuron: a cluster of its activating examples, the largest being 0."""

    layer: int
    neuron: int
    feature: int

    @property
    def of(self) -> NeuronRef:
        return NeuronRef(self.layer, self.neuron)

    def query(self) -> dict[str, str]:
        """The part of a URL that names this feature."""
        return {**self.of.query(), "feature": str(self.feature)}

    def __str__(self) -> str:
        return f"{self.of} F{self.feature}"
