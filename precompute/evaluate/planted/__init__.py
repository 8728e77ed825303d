"""Planted neurons: examples of several sources pooled as one neuron's; does clustering give the sources back?

sources.py    what is planted: other neurons, key tokens, or one key token in two contexts
raw.py        the same inputs with raw weights, where the model is at hand
weights.py    the weight of the neuron that would have them all
agreement.py  pairs AUC, and the adjusted Rand index at every cut of a tree
cuts.py       rules that suggest a cut
outcomes.py   a planting in one space: its tree against the truth
report.py     tables over plantings
"""
