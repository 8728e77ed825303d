"""Evaluation of the features assigned to texts that the atlas has not seen.

beyond.py    examples of the corpus that no tree has seen: those after the first so many that were kept
right.py     the share of them that get the feature that the tree would have given them; planted ones their source
evaluate.py  the part `prompt`: all of these as a table and figures
unlike.py    how many firings are unlike anything seen, on the corpus and on shuffled tokens
"""

from precompute.evaluate.assigned.beyond import beyond_kept
from precompute.evaluate.assigned.right import Right, planted_right, right_of
from precompute.evaluate.assigned.unlike import unlike_rates

__all__ = ["Right", "beyond_kept", "planted_right", "right_of", "unlike_rates"]
