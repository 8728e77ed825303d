"""The reference: a Hugging Face model as it is, without transformer_lens and without anything of this project."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
import transformers
from jaxtyping import Float, Int
from torch import Tensor, nn


@dataclass(frozen=True)
class Names:
    """Where a family has what is read; all but `blocks`, `final` and `position` are counted from a block.

    `up` makes the pre-activations whose weights are the embedding's (of a gated MLP the gate), `down` is given the
    activations; `norm` comes before the MLP, `out` is given what the heads mixed. None where contributions and logits
    are not compared. `one_more`: a norm's gain is 1 + weight; `embedded`: what the model multiplies embeddings with.
    """

    blocks: str
    up: str
    down: str
    norm: str | None = None
    attention: str | None = None
    out: str | None = None
    final: str | None = None
    position: str | None = None
    one_more: bool = False
    embedded: float = 1.0


@dataclass(frozen=True)
class Clean:
    """One prompt: each layer's activations, pre-activations, what its norm and `out` are given, what its MLP writes."""

    activations: list[Float[Tensor, "pos n_neurons"]]
    pre_activations: list[Float[Tensor, "pos n_neurons"]]
    stream: list[Float[Tensor, "pos d"]]
    mixed: list[Float[Tensor, "pos d"]]
    written: list[Float[Tensor, "pos d"]]
    token: Float[Tensor, "pos d"]
    position: Float[Tensor, "pos d"] | None


class Plain:
    """A model folder, opened as anybody would, in the dtype of the build."""

    def __init__(self, folder: Path, kind: str, names: Names, dtype: torch.dtype = torch.float32):
        opened = getattr(transformers, kind).from_pretrained(folder, attn_implementation="eager", dtype=dtype)
        self.model, self.names = opened.eval(), names
        self.blocks = self.model.get_submodule(names.blocks)
        self.embedding = self.model.get_input_embeddings()

    @property
    def n_layers(self) -> int:
        return len(self.blocks)

    def module(self, layer: int, name: str) -> nn.Module:
        return self.blocks[layer].get_submodule(name)

    def masked(
        self, tokens: Int[Tensor, " pos"], at: int, baseline: Float[Tensor, " d"]
    ) -> list[Float[Tensor, "pos n_neurons"]]:
        """Every layer's activations with one token's embedding replaced, by one full forward pass."""

        def replace(_: nn.Module, __: tuple, embedding: Tensor) -> Tensor:
            changed = embedding.clone()
            changed[:, at] = baseline.to(changed)
            return changed

        hook = self.embedding.register_forward_hook(replace)
        try:
            return self.activations(tokens)
        finally:
            hook.remove()

    def activations(self, tokens: Int[Tensor, " pos"]) -> list[Float[Tensor, "pos n_neurons"]]:
        points = {layer: (self.module(layer, self.names.down), "in") for layer in range(self.n_layers)}
        with watched(points) as seen:
            self.forward(tokens)
        return [flat(seen[layer]) for layer in range(self.n_layers)]

    def forward(self, tokens: Int[Tensor, " pos"]) -> Tensor:
        with torch.inference_mode():
            return self.model(tokens[None])[0]

    def clean(self, tokens: Int[Tensor, " pos"]) -> Clean:
        """Everything that is compared of one prompt; lists are empty where the family has no name for it."""
        names, layers = self.names, range(self.n_layers)
        wanted = {
            "activations": (names.down, "in"),
            "pre_activations": (names.up, "out"),
            "stream": (names.norm, "in"),
            "mixed": (names.out, "in"),
            "written": (names.down, "out"),
        }
        points = {
            (what, layer): (self.module(layer, name), side)
            for what, (name, side) in wanted.items()
            if name is not None
            for layer in layers
        }
        points["token"] = (self.embedding, "out")
        if names.position is not None:
            points["position"] = (self.model.get_submodule(names.position), "out")
        with watched(points) as seen:
            self.forward(tokens)
        columns = {what: [flat(seen[what, each]) for each in layers if (what, each) in seen] for what in wanted}
        position = None if names.position is None else flat(seen["position"])
        return Clean(**columns, token=names.embedded * flat(seen["token"]), position=position)

    @cached_property
    def value_biases(self) -> list[Float[Tensor, " d"]]:
        """What `out` is given of each layer where attention is given nothing: the biases of the values."""
        silence = [
            self.module(layer, self.names.attention).register_forward_pre_hook(silenced, with_kwargs=True)
            for layer in range(self.n_layers)
        ]
        points = {layer: (self.module(layer, self.names.out), "in") for layer in range(self.n_layers)}
        with watched(points) as seen:
            self.forward(torch.zeros(3, dtype=torch.long))
        for hook in silence:
            hook.remove()
        return [flat(seen[layer])[0] for layer in range(self.n_layers)]

    def logit_effects(self, layer: int, neuron: int, tokens: Int[Tensor, " pos"]) -> Float[Tensor, " n_logits"]:
        """What one more of a neuron's activation changes in the logits by its way around all that follows.

        The block's output is seen to change; the final norm, its scale held at 1, and all that makes logits of it are
        given the change alone.
        """
        change = self.block_output(layer, tokens, neuron) - self.block_output(layer, tokens, None)
        final = self.model.get_submodule(self.names.final)
        return self.logits_after(final, scaled(final, change, self.names.one_more), tokens) - self.logits_after(
            final, 0 * change, tokens
        )

    def block_output(self, layer: int, tokens: Int[Tensor, " pos"], neuron: int | None) -> Float[Tensor, " d"]:
        """At the last position, with one more of a neuron there if one is named."""

        def more(_: nn.Module, args: tuple) -> tuple:
            louder = args[0].clone().reshape(-1, args[0].shape[-1])
            if neuron is not None:
                louder[-1, neuron] += 1
            return louder.reshape(args[0].shape), *args[1:]

        handle = self.module(layer, self.names.down).register_forward_pre_hook(more)
        with watched({"block": (self.blocks[layer], "out")}) as seen:
            self.forward(tokens)
        handle.remove()
        return flat(seen["block"])[-1]

    def logits_after(
        self, final: nn.Module, given: Float[Tensor, " d"], tokens: Int[Tensor, " pos"]
    ) -> Float[Tensor, " n_logits"]:
        """Of what is given in the place of the final norm's output."""
        handle = final.register_forward_hook(lambda _, __, out: given.expand(out.shape))
        logits = self.forward(tokens)[0, -1]
        handle.remove()
        return logits


def scaled(norm: nn.Module, change: Float[Tensor, "*rows d"], one_more: bool) -> Float[Tensor, "*rows d"]:
    """What a norm makes of a change of what it is given, its scale held at 1."""
    if centres(norm):
        change = change - change.mean(-1, keepdim=True)
    weight = getattr(norm, "weight", None)
    gain = 1.0 if weight is None else weight.detach().to(change) + one_more
    return change * gain


def centres(norm: nn.Module) -> bool:
    return "RMS" not in type(norm).__name__


def scale_of(norm: nn.Module, h: Float[Tensor, "rows d"]) -> Float[Tensor, "rows 1"]:
    """σ of each row."""
    eps = getattr(norm, "eps", getattr(norm, "variance_epsilon", 1e-5))
    h = h - h.mean(-1, keepdim=True) if centres(norm) else h
    return (h.square().mean(-1, keepdim=True) + eps).sqrt()


def matrix(module: nn.Module) -> Float[Tensor, "d_in d_out"]:
    """A layer's weights by rows of its input, whichever way it keeps them."""
    weight = module.weight.detach().float()
    return weight.T if isinstance(module, nn.Linear) else weight


def silenced(_: nn.Module, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    if args:
        return (0 * args[0], *args[1:]), kwargs
    return args, {**kwargs, "hidden_states": 0 * kwargs["hidden_states"]}


def flat(value: Tensor) -> Float[Tensor, "pos d"]:
    return value.reshape(-1, value.shape[-1])


@contextlib.contextmanager
def watched(points: dict[object, tuple[nn.Module, str]]) -> Iterator[dict[object, Tensor]]:
    """What goes into modules, or comes out of them, by label."""
    seen: dict[object, Tensor] = {}

    def before(label: object) -> Callable:
        return lambda _, args, kwargs: seen.update({label: args[0] if args else kwargs["hidden_states"]})

    def after(label: object) -> Callable:
        return lambda _, __, out: seen.update({label: out[0] if isinstance(out, tuple) else out})

    hooks = [
        module.register_forward_pre_hook(before(label), with_kwargs=True)
        if side == "in"
        else module.register_forward_hook(after(label))
        for label, (module, side) in points.items()
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
