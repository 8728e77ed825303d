"""Stage 3: what every neuron loses on its key token when a token before it is masked (METHOD, section 4).

    importance of token t = 1 − activation on the key token with t masked / activation on the key token

Signed: a token that inhibits is below zero. The key token itself is in the window. One masked pass of an example, an
(example, masked position) pair, serves every neuron of every layer whose key token it precedes.

budget.py   which pairs are run, and which rows they serve
job.py      what all units of the stage share, and how the stage is cut into units
unit.py     one unit: some examples under one baseline
tables.py   the units put together; `importances` does the whole stage in memory
"""

from precompute.steps.importance.budget import Limits
from precompute.steps.importance.job import ImportanceJob, masked_passes, plan, units
from precompute.steps.importance.tables import Importances, gathered, importances
from precompute.steps.importance.unit import ImportanceError, unit_importances, work_importances

__all__ = [
    "ImportanceError",
    "ImportanceJob",
    "Importances",
    "Limits",
    "gathered",
    "importances",
    "masked_passes",
    "plan",
    "unit_importances",
    "units",
    "work_importances",
]
