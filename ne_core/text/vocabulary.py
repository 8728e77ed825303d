"""Vocabulary of an atlas for sentences about it: neurons or latents, texts or images."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Vocabulary:
    """Words as used within a sentence; capitalised properties start one."""

    unit: str = "neuron"
    key_token: str = "key token"
    activation: str = "activation on the key token"
    token: str = "token of the corpus"  # an input that may activate a unit
    positions: str = "positions of the corpus"
    text: str = "text"
    outputs: str = "tokens"  # classes of the logits
    model: str = "language model"
    pre_mlp: str = "pre-MLP embedding"
    pre_mlp_title: str = "Pre-MLP embedding"

    @property
    def units(self) -> str:
        """Plural of `unit`."""
        return f"{self.unit}s"

    @property
    def Unit(self) -> str:
        """`unit` with a capital."""
        return self.unit.capitalize()

    @property
    def Units(self) -> str:
        """`units` with a capital."""
        return self.units.capitalize()

    @property
    def key_tokens(self) -> str:
        """Plural of `key_token`."""
        return f"{self.key_token}s"

    @property
    def Key_tokens(self) -> str:
        """`key_tokens` with a capital."""
        return self.key_tokens.capitalize()


TEXTS = Vocabulary()
IMAGES = Vocabulary(
    key_token="label",
    activation="activation",
    token="image",
    positions="images",
    text="image",
    outputs="classes",
    model="model that reads images",
    pre_mlp="input",
    pre_mlp_title="Input x",
)


def vocabulary(units: str, images: bool) -> Vocabulary:
    """Vocabulary of an atlas whose `units` are “neurons” or “latents”, and whose examples are texts or images."""
    return replace(IMAGES if images else TEXTS, unit=units.removesuffix("s"))
