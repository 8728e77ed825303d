"""Settings of a lab: its sweep over λ1, λ2 and seeds, the training of autoencoders, and the cuts."""

from dataclasses import asdict, dataclass, field, replace
from itertools import product

from precompute.autoencoders.lab.mlp import MlpTraining
from precompute.autoencoders.loss.measures import MOST
from precompute.autoencoders.loss.train import Run, Training

TOGETHER = 5  # runs trained at once, a unit of work: more do not fit into a core's cache


class LabError(ValueError):
    """The lab cannot be built with these settings; the message says why in one line."""


@dataclass(frozen=True)
class Sweep:
    """Combinations of all λ1, λ2 and seeds; λ2 = 0 is the standard autoencoder."""

    lambda1: tuple[float, ...]
    lambda2: tuple[float, ...]
    seeds: int

    def __post_init__(self):
        for name in ("lambda1", "lambda2"):
            values = getattr(self, name)
            if not values or min(values) < 0 or len(set(values)) < len(values):
                raise LabError(f"{name}: {values} must be one or more different numbers, 0 or above")
        if 0.0 not in self.lambda2 or len(self.lambda2) < 2:
            raise LabError(f"lambda2: {self.lambda2} must hold 0, the standard autoencoder, and at least one above it")
        if self.seeds < 1:
            raise LabError(f"seeds: {self.seeds} is not 1 or more")

    @property
    def runs(self) -> list[Run]:
        """All runs, sorted by λ2, then λ1, then seed."""
        every = product(sorted(self.lambda2), sorted(self.lambda1), range(self.seeds))
        return [Run(lambda1, lambda2, seed) for lambda2, lambda1, seed in every]

    @property
    def units(self) -> list[range]:
        """Run numbers of each unit: consecutive runs of the same λ2."""
        each = len(self.lambda1) * self.seeds
        return [
            range(start, min(start + TOGETHER, (block + 1) * each))
            for block in range(len(self.lambda2))
            for start in range(block * each, (block + 1) * each, TOGETHER)
        ]


@dataclass(frozen=True)
class LabSettings:
    """All settings that shape a lab besides its images."""

    sweep: Sweep
    training: Training
    mlp: MlpTraining = field(default_factory=MlpTraining)
    cut: float = 0.05  # as in the author's app for the latents of MNIST
    neuron_cut: float = 0.3  # for the classifier's own neurons: pixels are farther apart
    most_examples: int = MOST

    def to_dict(self) -> dict:
        return asdict(self)


# Chosen by experiment, see docs/lab.md. MNIST is used for all IDX files and hub data sets.
DIGITS = LabSettings(
    Sweep(lambda1=(0.005, 0.008, 0.013, 0.02), lambda2=(0.0, 8.0), seeds=5),
    Training(steps=1_000, batch=64, learning_rate=1.5e-3),
    MlpTraining(batch=32),
)
MNIST = LabSettings(
    Sweep(lambda1=(0.012, 0.018, 0.026), lambda2=(0.0, 0.7, 1.3, 2.6), seeds=5),
    Training(steps=4_000, batch=256),
)


def with_options(defaults: LabSettings, options: dict) -> LabSettings:
    """Settings with some options changed: `lambda1`, `lambda2` and `seeds` of the sweep, the others of training."""
    of_sweep = {name: value for name, value in options.items() if name in ("lambda1", "lambda2", "seeds")}
    of_training = {name: value for name, value in options.items() if name not in of_sweep}
    return replace(
        defaults, sweep=replace(defaults.sweep, **of_sweep), training=replace(defaults.training, **of_training)
    )
