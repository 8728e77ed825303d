"""Minutes of the build of `make gpt2`, extrapolated: the whole takes longer than a benchmark may.

The preset is built at GPT2-small's shape with random weights, for a quarter of its examples and masked passes and a
third of its layers, so of its neurons. The corpus is the offline one; the download is not included.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from precompute.config import PRESETS, RunConfig
from tests.bench.build import BuildFigures, measure_build
from tests.bench.collect import gpt2_shape
from tests.bench.figures import Figures
from tests.bench.gpt2 import CUT

PRESET = PRESETS["gpt2-laptop"]
EXAMPLES, LAYERS, N_LAYERS = PRESET.examples // 4, (2, 5, 8, 11), 12  # with the last layer a forward is whole
BY_EXAMPLE = ("model and corpus", "collect")  # the forward takes nearly all of the collection
SQUARED = ("similar features",)


@dataclass(frozen=True)
class Growth:
    """Factors from the measured build to the whole: examples, masked passes, and rows, as which features grow."""

    examples: float
    passes: float
    rows: float

    def of(self, step: str) -> float:
        if step in BY_EXAMPLE:
            return self.examples
        if step == "importance":
            return self.passes
        return self.rows**2 if step in SQUARED else self.rows


def measure(figures: Figures, folder: Path, demo: Path) -> None:
    """Build anew, since a resumed build would be timed in part; `folder` keeps the model."""
    model = folder / "model"
    if not (model / "config.json").exists():
        gpt2_shape(model, demo)
    with tempfile.TemporaryDirectory(dir=folder) as out:
        build = measure_build(laptop_config(model, Path(out) / "atlas"))
    figures.add("gpt2_laptop_minutes", minutes(build.seconds, growth(build)), "min")


def laptop_config(model: Path, out: Path) -> RunConfig:
    """Return the preset on a part of its work; the cut is the one that suits random weights."""
    changes = {"model": str(model), "corpus": "offline", "cut": CUT, "out": str(out)}
    part = {"examples": EXAMPLES, "layers": LAYERS, "importance_passes": PRESET.importance_passes // 4}
    return PRESET.with_options(changes | part)


def growth(build: BuildFigures) -> Growth:
    """Return the factors; rows grow with examples up to the preset's most of each neuron."""
    examples = PRESET.examples / EXAMPLES
    by_neuron = min(examples, PRESET.max_examples * build.n_neurons / build.n_rows)
    passes = PRESET.importance_passes / max(1, build.n_passes)
    return Growth(examples, passes, by_neuron * N_LAYERS / len(LAYERS))


def minutes(seconds: dict[str, float], growth: Growth) -> float:
    return sum(growth.of(step) * each for step, each in seconds.items()) / 60
