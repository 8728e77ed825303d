"""Any transformer that transformer_lens can bridge, as neuron layers: `open_transformer(name or folder)`.

checkpoint.py     a hub name or folder -> a checked tokenizer and Hugging Face model
faithful.py       check that the bridged model computes the same as the original
fusing.py         activation functions in one kernel
taps.py           hook points of x and activations; a forward pass that stops at the last one
probe.py          properties measured on a few tokens: the norm before the MLP, causality, support
folding.py        the norm before the MLP moved into the input weights
unembedding.py    effect of a neuron's output on the logits
packing.py        batches of masked windows
masking.py        prompts with one token masked, reusing the keys and values before the mask
masking_modes.py  choice of the fastest masking that is exact for a model
source.py         TransformerSource, which combines these
"""

from precompute.models.transformer.source import TransformerSource, open_transformer

__all__ = ["TransformerSource", "open_transformer"]
