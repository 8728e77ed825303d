"""A synthetic atlas of any size, without a model: planted features, written by the same code as a real build.

settings.py   settings and their ranges
words.py      a vocabulary of made-up words
concepts.py   the bank of concepts: directions in families, words, layers
corpus.py     texts with key tokens and context of the concepts
neurons.py    the concepts that each neuron mixes, and its activating examples
windows.py    activations and importances in windows around the key tokens
effects.py    logit effects
layer.py      one layer's activating examples, inputs, weights and statistics
description.py  description for the manifest
similar.py    similar features, searched within families of concepts
make.py       the steps in order
"""
