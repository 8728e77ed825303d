"""A whole build at GPT2-small's exact shape, random weights: time a stage, memory and size, and what 10,000 would take.

The cut is 0.6, at which random weights give some features a neuron, as GPT2-small is expected to have; at the default
they give ten. A tenth of the masked passes are run, each of which costs the same.
"""

from pathlib import Path

from precompute.config import RunConfig
from tests.bench import storage
from tests.bench.collect import gpt2_shape
from tests.bench.figures import Figures
from tests.bench.run import Measured, measured

EXAMPLES, ALL, CONTEXT = 500, 10_000, 128
CUT, PASSES = 0.6, 6_300


def measure(figures: Figures, folder: Path, demo: Path) -> None:
    """The build stands in `folder` afterwards; one that was killed there goes on."""
    model = folder / "model"
    if not (model / "config.json").exists():
        gpt2_shape(model, demo)
    found = measured(
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
    for stage, seconds in found.seconds.items():
        figures.add(f"build_{EXAMPLES}_{stage.replace(' ', '_')}_s_gpt2", seconds, "s")
    figures.add(f"build_{EXAMPLES}_s_gpt2", found.total_s, "s")
    figures.add("peak_gb_gpt2", found.peak_gb - weights_gb(model), "GB")
    figures.add("masked_passes_gpt2", found.n_passes, "passes")
    storage.measure(figures, folder / "atlas", "gpt2")
    for name, seconds in extrapolated(found).items():
        figures.add(f"extrapolated_{ALL}_{name}_hours_gpt2", seconds / 3600, "h")


def weights_gb(model: Path) -> float:
    return sum(path.stat().st_size for path in model.glob("*.safetensors")) / 1e9


def extrapolated(found: Measured) -> dict[str, float]:
    """Seconds for 10,000 examples with every token masked; trees grow with rows, of which a neuron has up to 100."""
    more = ALL / EXAMPLES
    more_rows = min(more, 100 * found.n_neurons / found.n_rows)
    return {
        "collect": more * found.seconds["collect"],
        "importance": ALL * (CONTEXT - 1) * found.seconds["importance"] / found.n_passes,
        "features": more_rows * found.seconds["features"],
    }
