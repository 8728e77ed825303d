"""A whole build at GPT2-small's exact shape, random weights: seconds of each step, memory, size, and extrapolations.

The cut is 0.6, at which random weights give some features a neuron, as GPT2-small is expected to have; the default
gives ten. A tenth of the masked passes are run, each of which costs the same.
"""

from pathlib import Path

from precompute.config import RunConfig
from tests.bench import storage
from tests.bench.build import BuildFigures, measure_build
from tests.bench.collect import gpt2_shape
from tests.bench.figures import Figures

EXAMPLES, N_TARGET, CONTEXT = 500, 10_000, 128
CUT, PASSES = 0.6, 6_300


def measure(figures: Figures, folder: Path, demo: Path) -> None:
    """Build in `folder`, which keeps the result; a killed build is resumed."""
    model = folder / "model"
    if not (model / "config.json").exists():
        gpt2_shape(model, demo)
    build = measure_build(
        RunConfig(
            name="gpt2-shape",
            model=str(model),
            corpus="offline",
            examples=EXAMPLES,
            context=CONTEXT,
            cut=CUT,
            importance_passes=PASSES,
            out=str(folder / "atlas"),
        )
    )
    for stage, seconds in build.seconds.items():
        figures.add(f"build_{EXAMPLES}_{stage.replace(' ', '_')}_s_gpt2", seconds, "s")
    figures.add(f"build_{EXAMPLES}_s_gpt2", build.total_s, "s")
    figures.add("peak_gb_gpt2", build.peak_gb - weights_gb(model), "GB")
    figures.add("masked_passes_gpt2", build.n_passes, "passes")
    storage.measure(figures, folder / "atlas", "gpt2")
    for name, seconds in extrapolate(build).items():
        figures.add(f"extrapolated_{N_TARGET}_{name}_hours_gpt2", seconds / 3600, "h")


def weights_gb(model: Path) -> float:
    return sum(path.stat().st_size for path in model.glob("*.safetensors")) / 1e9


def extrapolate(build: BuildFigures) -> dict[str, float]:
    """Return seconds for 10,000 examples with every token masked; trees grow with rows, at most 100 a neuron."""
    growth = N_TARGET / EXAMPLES
    row_growth = min(growth, 100 * build.n_neurons / build.n_rows)
    return {
        "collect": growth * build.seconds["collect"],
        "importance": N_TARGET * (CONTEXT - 1) * build.seconds["importance"] / build.n_passes,
        "features": row_growth * build.seconds["features"],
    }
