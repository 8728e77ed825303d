"""Token importance: the share of a neuron's activation that is lost when a token is masked (METHOD, section 4).

    importance of token t = 1 − activation on the key token with t masked / activation on the key token

Importance is signed: an inhibiting token is below zero. The key token itself is in the window. One masked pass of an
example, an (example, masked position) pair, serves every neuron of every layer whose key token comes at or after it.

budget.py   selection of the pairs to run, and the rows that they serve
job.py      data shared by all units, and the division into units
unit.py     one unit: some examples with one baseline
tables.py   the results of all units, by layer; `importances` runs the whole step in memory
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
