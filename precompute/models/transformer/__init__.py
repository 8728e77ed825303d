"""Any transformer that transformer_lens can bridge, as neuron layers: `open_transformer(name or folder)`.

checkpoint.py   a hub name or folder -> a checked tokenizer and Hugging Face model
fusing.py       activation functions in one kernel
taps.py         where x and the activations are read, and a forward pass that stops after the last of them
probe.py        what a model does on a few tokens: which norm its MLP reads, whether it is causal, whether it fits
folding.py      the norm before the MLP moved into the input weights
unembedding.py  what a neuron's output adds to the logits
packing.py      which masked windows go through a forward pass together
masking.py      prompts with one token masked, reusing what comes before the mask
source.py       TransformerSource, which puts these together
"""

from precompute.models.transformer.source import TransformerSource, open_transformer

__all__ = ["TransformerSource", "open_transformer"]
