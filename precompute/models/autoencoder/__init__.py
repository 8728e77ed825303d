"""Latents of a sparse dictionary of a language model as a neuron layer: `open_sae(name, model)`.

located.py     a folder, hf://… or RELEASE/ID -> files on this machine
releases.py    SAELens's table of releases
forms/         published forms -> SAELens's settings and names of tensors
config.py      settings, current and older -> architecture, places and sizes
stored.py      tensors in files, headers first
weights.py     checked tensors -> the weights of the latents
files.py       read a dictionary; write one
latents.py     activations at the hook -> x, pre-activations and latents
hook_place.py  hook name -> the hook point of a bridged model
centring.py    test whether the mean must be subtracted at the hook
source.py      SaeSource, which combines these
"""

from precompute.models.autoencoder.source import SaeSource, open_sae

__all__ = ["SaeSource", "open_sae"]
