"""The choices of a lab: its sweep over λ1, λ2 and seeds, how autoencoders are trained, and where features are cut."""

from dataclasses import asdict, dataclass, field
from itertools import product

from precompute.lab.mlp import MlpTraining
from precompute.sae.train import Run, Training

TOGETHER = 5  # runs that are trained at once, a unit of work: more do not fit into a core's cache


class LabError(ValueError):
    """The lab cannot be made so; the message says why in one line."""


@dataclass(frozen=True)
class Sweep:
    """Every λ1 with every λ2 and every seed; λ2 = 0 is the standard autoencoder."""

    lambda1: tuple[float, ...]
    lambda2: tuple[float, ...]
    seeds: int

    def __post_init__(self):
        for name in ("lambda1", "lambda2"):
            values = getattr(self, name)
            if not values or min(values) < 0 or len(set(values)) < len(values):
                raise LabError(f"{name}: {values} are not one or more different numbers from 0 up")
        if 0.0 not in self.lambda2 or len(self.lambda2) < 2:
            raise LabError(f"lambda2: {self.lambda2} must hold 0, the standard autoencoder, and at least one above it")
        if self.seeds < 1:
            raise LabError(f"seeds: {self.seeds} is not 1 or more")

    @property
    def runs(self) -> list[Run]:
        """By λ2, then λ1, then seed."""
        return [Run(*each) for each in (product_of(self.lambda1, self.lambda2, range(self.seeds)))]

    @property
    def units(self) -> list[range]:
        """Numbers of the runs of each unit: runs in a row of the same λ2."""
        each = len(self.lambda1) * self.seeds
        return [
            range(start, min(start + TOGETHER, (block + 1) * each))
            for block in range(len(self.lambda2))
            for start in range(block * each, (block + 1) * each, TOGETHER)
        ]


def product_of(lambda1, lambda2, seeds):
    return ((one, two, seed) for two, one, seed in product(sorted(lambda2), sorted(lambda1), seeds))


@dataclass(frozen=True)
class LabSettings:
    """Everything that shapes a lab besides its images."""

    sweep: Sweep
    training: Training
    mlp: MlpTraining = field(default_factory=MlpTraining)
    cut: float = 0.05  # what the author's app cuts the latents of MNIST at
    most_examples: int = 100

    def to_dict(self) -> dict:
        return asdict(self)


# Found by trying on the images themselves; docs/lab.md shows what each sweep gives.
DIGITS = LabSettings(
    Sweep(lambda1=(0.01, 0.02, 0.03, 0.04), lambda2=(0.0, 1.0, 3.0), seeds=5),
    Training(steps=1_500, batch=64),
)
MNIST = LabSettings(
    Sweep(lambda1=(0.015, 0.02, 0.025, 0.03), lambda2=(0.0, 1.0, 3.0), seeds=5),
    Training(steps=8_000, batch=256),
)
