"""Train a sparse autoencoder on one layer of a language model's neurons: `train_sae(out, settings)`.

settings.py      all settings of a run
activations.py   the layer's activations on a corpus, training and held-out examples
steps.py         training with checkpoints, resumed after a stop
measure.py       measures on the held-out examples, of the autoencoder alone and in its place in the model
run.py           the whole run, and the folder it writes
"""
