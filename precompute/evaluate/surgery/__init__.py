"""Meaning surgery: is a feature a part of what its neuron reads, that can be taken away and leaves the others?

Of a sample of neurons the examples are clustered in every space. For each feature large enough, the direction that is
said to be its meaning is fitted on half of the examples and taken out of x in the other half, and the model goes on
from there. A space is as good as what the feature's own held-out examples lose of their activation, less what its
siblings' lose.

cuts.py         at which cuts spaces are compared
directions.py   which directions, and x without them
model.py        the model that the atlas was made of
neurons.py      one neuron: all that is taken out of its examples, and what it loses
losses.py       what the model loses on the next token
measured.py     the sample, and what was measured of all its neurons
report.py       tables and figures
"""

from ne_core.atlas import Atlas
from precompute.evaluate.surgery.measured import Settings, measured
from precompute.evaluate.surgery.model import opened_model
from precompute.evaluate.surgery.report import surgery_report
from precompute.report import Report
from precompute.run.progress import OnProgress, silent

QUICK = Settings(neurons=4, losses=2)


def evaluate_surgery(atlas: Atlas, model: str | None, settings: Settings, on_progress: OnProgress = silent) -> Report:
    """Raises ValueError, in one line, for an atlas without inputs or of no transformer, and for another model."""
    found = measured(atlas, opened_model(atlas, model), settings, on_progress)
    return surgery_report(atlas.root.name, str(atlas.manifest.embedding), found)
