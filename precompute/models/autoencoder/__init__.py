"""The latents of a sparse autoencoder of a language model as a neuron layer: `open_sae(folder, model)`.

form.py      cfg.json, today's and older -> what kind of autoencoder it is, and where it reads
files.py     a folder -> its form and its checked weights; and such a folder written
latents.py   what is at the hook -> x, pre-activations and latents
place.py     the hook by name -> where a bridged model is read
centring.py  whether the model that it was trained on had another mean there
source.py    SaeSource, which puts these together
"""

from precompute.models.autoencoder.source import SaeSource, open_sae

__all__ = ["SaeSource", "open_sae"]
