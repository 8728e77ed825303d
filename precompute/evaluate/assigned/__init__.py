"""Evaluation of the features assigned to texts that the atlas has not seen.

unseen.py      activating examples of the corpus that are in no tree: those after the first `max_examples`
accuracy.py    the share of them assigned to the feature that the tree would give them; the same for planted sources
evaluate.py    the part `prompt`: all of these as a table and figures
unlike.py      the share of firings that are unlike their feature's members, on the corpus and on shuffled tokens
"""

from precompute.evaluate.assigned.accuracy import Assignments, assignments, planted_accuracy
from precompute.evaluate.assigned.unlike import unlike_rates
from precompute.evaluate.assigned.unseen import unseen_examples

__all__ = ["Assignments", "assignments", "planted_accuracy", "unlike_rates", "unseen_examples"]
