"""An atlas of any size without a model: features planted by construction, written by the writers of a real build.

settings.py   what can be chosen
words.py      a vocabulary of made-up words
concepts.py   the bank of concepts: directions in families, words, layers
corpus.py     texts in which every concept turns up
neurons.py    which concepts each neuron mixes, and on which examples it fires
around.py     activations and importances around the key tokens
effects.py    logit effects
layer.py      one layer's rows, inputs, weights and statistics
description.py  what the manifest says of it
similar.py    similar features, searched within families of concepts
make.py       the stages in their order
"""
