"""Activation functions in one kernel: gelu_new, written out, passes over memory eight times."""

from torch import nn
from transformers.activations import NewGELUActivation


def fuse_activations(model: nn.Module) -> None:
    """Put torch's tanh GELU, equal but for rounding, in the place of every one that is written out."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child) is NewGELUActivation:
                setattr(module, name, nn.GELU(approximate="tanh"))
