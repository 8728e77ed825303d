"""Meaning surgery: test if a feature can be removed from what its neuron reads without affecting the other features.

The examples of a sample of neurons are clustered in every space. For each feature large enough, the direction of its
meaning is fitted on half of the examples and removed from x in the other half, and the model continues from there. The
score of a space is the share of activation that the feature's own held-out examples lose, minus what its siblings lose.

cuts.py         cuts at which spaces are compared
directions.py   the directions, and x without them
model.py        the model of the atlas
neurons.py      one neuron: all directions removed from its examples, and its losses of activation
losses.py       the model's change in next-token loss
measure.py      the sample, and the measures of all its neurons
report.py       tables and figures
"""

from ne_core.atlas import Atlas
from precompute.evaluate.surgery.measure import Settings, measure_surgery
from precompute.evaluate.surgery.model import load_model
from precompute.evaluate.surgery.report import surgery_report
from precompute.report import Report
from precompute.run.progress import OnProgress, silent

QUICK = Settings(neurons=4, losses=2)


def evaluate_surgery(atlas: Atlas, model: str | None, settings: Settings, on_progress: OnProgress = silent) -> Report:
    """Measure and report. Raises ValueError if the atlas has no inputs or no transformer, or the model is another."""
    measured = measure_surgery(atlas, load_model(atlas, model), settings, on_progress)
    return surgery_report(atlas.root.name, str(atlas.manifest.embedding), measured)
