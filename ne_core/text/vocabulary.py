"""The words of an atlas: neurons or latents, that read texts or images. Sentences are made with them."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Vocabulary:
    """Each word as it stands within a sentence; those with a capital begin one."""

    unit: str = "neuron"
    key_token: str = "key token"
    activation: str = "activation on the key token"
    token: str = "token of the corpus"  # what may activate a unit
    positions: str = "positions of the corpus"
    text: str = "text"
    outputs: str = "tokens"  # what logits are of
    model: str = "language model"
    pre_mlp: str = "pre-MLP embedding"
    pre_mlp_title: str = "Pre-MLP embedding"

    @property
    def units(self) -> str:
        return f"{self.unit}s"

    @property
    def Unit(self) -> str:
        return self.unit.capitalize()

    @property
    def Units(self) -> str:
        return self.units.capitalize()

    @property
    def key_tokens(self) -> str:
        return f"{self.key_token}s"

    @property
    def Key_tokens(self) -> str:
        return self.key_tokens.capitalize()


OF_TEXTS = Vocabulary()
OF_IMAGES = Vocabulary(
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
    """The vocabulary of an atlas whose units are “neurons” or “latents”, and whose examples are texts or images."""
    return replace(OF_IMAGES if images else OF_TEXTS, unit=units.removesuffix("s"))
