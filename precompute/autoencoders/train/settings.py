"""Settings of a training run; readable without torch."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from precompute.config import ConfigError


def choice(default: Any, help: str, fixed: bool = True) -> Any:
    """Declare an option of the command line; a `fixed` one must not change when a stopped run is resumed."""
    return field(default=default, metadata={"help": help, "fixed": fixed})


@dataclass(frozen=True)
class Settings:
    """Settings of a training run. The model and its layer have no default."""

    model: str = field(metadata={"help": "hub name or local folder of the model", "fixed": True})
    layer: int = field(metadata={"help": "layer whose neurons' activations are reconstructed", "fixed": True})
    corpus: str = choice("offline", "`offline`, files of texts, or a data set, as for `build`")
    examples: int = choice(2_000, "examples to train on; their activations are held in memory")
    held_out: int = choice(200, "examples held out for measuring, after the training examples")
    context: int = choice(128, "tokens of an example")
    lambda1: float = choice(2e-3, "weight of |f|, for inputs with a mean square of 1: more makes latents sparser")
    lambda2: float = choice(0.0, "weight of the neuron-embedding loss; 0 is a standard autoencoder")
    ne_over: str = choice(
        "latents", "that loss: mean over latents, over pairs of a latent and an input, or sum for each of the inputs"
    )
    d_sae: int = choice(2_048, "latents")
    steps: int = choice(6_000, "steps of training")
    batch: int = choice(256, "activations in a step")
    learning_rate: float = choice(1e-3, "highest learning rate, after the warm-up and before it falls to 0")
    seed: int = choice(0, "seed of the first weights and the batches")
    checkpoint: int = choice(250, "steps between checkpoints: the most that a killed run loses", fixed=False)
    device: str = choice("cpu", "cpu, cuda or cuda:N", fixed=False)
    threads: int = choice(2, "processor threads; another number rounds differently", fixed=False)

    def __post_init__(self):
        minima = {"layer": 0, "examples": 1, "held_out": 1, "context": 2, "d_sae": 1, "steps": 1, "batch": 1}
        for name, smallest in {**minima, "checkpoint": 1, "threads": 1}.items():
            if getattr(self, name) < smallest:
                raise ConfigError(f"{option(name)}: {getattr(self, name)} is not {smallest} or more")
        for name, smallest in {"lambda1": 0, "lambda2": 0, "learning_rate": 1e-9}.items():
            if not smallest <= getattr(self, name) < float("inf"):
                raise ConfigError(f"{option(name)}: {getattr(self, name)} is not a number of {smallest:g} or more")

    @property
    def fixed(self) -> dict[str, Any]:
        """Settings that must be the same when a stopped run is resumed."""
        return {f.name: asdict(self)[f.name] for f in fields(self) if f.metadata["fixed"]}


def option(name: str) -> str:
    return name.replace("_", "-")
