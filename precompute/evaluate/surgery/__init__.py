"""Meaning surgery: test if a feature can be removed from what its neuron reads without affecting the other features.

The examples of a sample of neurons are clustered in every space. For each feature large enough, the direction of its
meaning is fitted on half of the examples and removed from x in the other half, and the model continues from there. The
score of a space is the share of activation that the feature's own held-out examples lose, minus what its siblings lose.

cuts.py         cuts at which spaces are compared
directions.py   the directions, and x without them
neurons.py      one neuron: all directions removed from its examples, and its losses of activation
losses.py       the model's change in next-token loss
measure.py      the sample, and the measures of all its neurons
report.py       tables and figures
"""

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from precompute.evaluate.surgery.measure import Settings, measure_surgery
from precompute.evaluate.surgery.report import surgery_report
from precompute.models.of_atlas import open_model_of
from precompute.report import Report
from precompute.run.progress import OnProgress, silent

QUICK = Settings(neurons=4, losses=2)


def evaluate_surgery(atlas: Atlas, model: str | None, settings: Settings, on_progress: OnProgress = silent) -> Report:
    """Measure and report. Raises ValueError if the atlas has no inputs or no transformer, or the model is another."""
    check(atlas)
    source = open_model_of(atlas, "auto", model).source
    measured = measure_surgery(atlas, source, settings, on_progress)
    return surgery_report(atlas.root.name, str(atlas.manifest.embedding), measured)


def check(atlas: Atlas) -> None:
    """Raise AtlasError for an atlas of other than a transformer's own neurons, and for one without inputs."""
    if atlas.manifest.images or atlas.manifest.model.sae:
        raise AtlasError(f"surgery runs a transformer: {atlas.root} is not an atlas of a transformer's own neurons")
    if not atlas.manifest.inputs:
        raise AtlasError(f"{atlas.root} holds no inputs of its examples: build it again with --inputs yes")
