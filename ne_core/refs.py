"""Names of things in an atlas: a neuron, one of its features, and how each is spelled in a URL."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class NeuronRef:
    """Neuron `neuron` of the model's layer `layer`, both counted from 0."""

    layer: int
    neuron: int

    def query(self) -> dict[str, str]:
        """The part of a URL that names this neuron."""
        return {"layer": str(self.layer), "neuron": str(self.neuron)}

    @staticmethod
    def parse(text: str) -> "NeuronRef":
        """“3.17” is neuron 17 of layer 3. Raises ValueError for anything else."""
        if not re.fullmatch(r"[0-9]{1,6}\.[0-9]{1,9}", text, re.ASCII):
            raise ValueError(f"{text!r} names no neuron: write LAYER.NEURON, such as 3.17")
        return NeuronRef(*map(int, text.split(".")))

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

    @property
    def dotted(self) -> str:
        """The shortest spelling, where a URL names a feature in one parameter: 3.17.2."""
        return f"{self.layer}.{self.neuron}.{self.feature}"

    @staticmethod
    def parse(text: str) -> "FeatureRef":
        """What `dotted` spelled. Raises ValueError for anything else."""
        if not re.fullmatch(r"[0-9]{1,6}\.[0-9]{1,9}\.[0-9]{1,6}", text, re.ASCII):
            raise ValueError(f"{text!r} names no feature: write LAYER.NEURON.FEATURE, such as 3.17.2")
        return FeatureRef(*map(int, text.split(".")))


def dashed(ref: NeuronRef | FeatureRef) -> str:
    """A neuron or a feature in a file's name: “L3-N17-F2”."""
    return str(ref).replace(" ", "-")
