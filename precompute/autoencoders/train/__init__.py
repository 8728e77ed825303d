"""Train a sparse autoencoder on one layer of a language model's neurons: `train_sae(out, settings)`.

settings.py      every choice of a run
activations.py   a model and a corpus -> the layer's activations, and examples that are held out
steps.py         activations -> an autoencoder, going on where an earlier run stopped
measure.py       how well it does on the held-out examples, alone and in its place in the model
run.py           these in their order, and the folder that is written
"""
