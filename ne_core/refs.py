"""References to neurons and features of an atlas, and their spelling in a URL."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class NeuronRef:
    """Neuron `neuron` of the model's layer `layer`, both numbered from 0."""

    layer: int
    neuron: int

    def query(self) -> dict[str, str]:
        """URL parameters that identify this neuron."""
        return {"layer": str(self.layer), "neuron": str(self.neuron)}

    @staticmethod
    def parse(text: str) -> "NeuronRef":
        """Parse “3.17” as neuron 17 of layer 3. Raises ValueError for other texts."""
        if not re.fullmatch(r"[0-9]{1,6}\.[0-9]{1,9}", text, re.ASCII):
            raise ValueError(f"{text!r} is not a neuron: write LAYER.NEURON, such as 3.17")
        return NeuronRef(*map(int, text.split(".")))

    def __str__(self) -> str:
        return f"L{self.layer} N{self.neuron}"


@dataclass(frozen=True, order=True)
class FeatureRef:
    """Feature `feature` of a neuron: a cluster of its activating examples; the largest is 0."""

    layer: int
    neuron: int
    feature: int

    @property
    def of(self) -> NeuronRef:
        """The neuron of the feature."""
        return NeuronRef(self.layer, self.neuron)

    def query(self) -> dict[str, str]:
        """URL parameters that identify this feature."""
        return {**self.of.query(), "feature": str(self.feature)}

    def __str__(self) -> str:
        return f"{self.of} F{self.feature}"

    @property
    def dotted(self) -> str:
        """One-parameter spelling in a URL: “3.17.2”."""
        return f"{self.layer}.{self.neuron}.{self.feature}"

    @staticmethod
    def parse(text: str) -> "FeatureRef":
        """Parse the spelling of `dotted`. Raises ValueError for other texts."""
        if not re.fullmatch(r"[0-9]{1,6}\.[0-9]{1,9}\.[0-9]{1,6}", text, re.ASCII):
            raise ValueError(f"{text!r} is not a feature: write LAYER.NEURON.FEATURE, such as 3.17.2")
        return FeatureRef(*map(int, text.split(".")))


def dashed(ref: NeuronRef | FeatureRef) -> str:
    """Spelling of a neuron or feature in a file name: “L3-N17-F2”."""
    return str(ref).replace(" ", "-")
