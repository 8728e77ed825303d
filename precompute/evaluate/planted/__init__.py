"""Planted neurons: pool the examples of several sources as one neuron's, and test if clustering recovers the sources.

sources.py    what is planted: other neurons, key tokens, or one key token in two contexts
raw.py        the same inputs with raw weights, where the model is available
weights.py    the weight vector of the pooled neuron
agreement.py  pairs AUC, and the adjusted Rand index at every cut of a tree
cuts.py       rules that suggest a cut
outcomes.py   a planting in one space: its tree against the truth
report.py     tables over plantings
"""
