"""Latents of a sparse autoencoder of a language model as a neuron layer: `open_sae(folder, model)`.

config.py      cfg.json, current and older formats -> architecture, hook and sizes
files.py       read a folder into a checked config and weights; write such a folder
latents.py     activations at the hook -> x, pre-activations and latents
hook_place.py  hook name -> the hook point of a bridged model
centring.py    test whether the mean must be subtracted at the hook
source.py      SaeSource, which combines these
"""

from precompute.models.autoencoder.source import SaeSource, open_sae

__all__ = ["SaeSource", "open_sae"]
