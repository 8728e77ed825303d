"""Reference: an unmodified Hugging Face model, without transformer_lens and without this project's code."""

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
    """Module names of a family; all but `blocks`, `final` and `position` are relative to a block.

    `up` computes the pre-activations whose weights the embedding uses (the gate of a gated MLP), `down` receives the
    activations; `norm` comes before the MLP, `out` receives the mixed heads. None: contributions and logits are not
    compared. `one_more`: a norm's gain is 1 + weight; `embedded`: factor by which the model multiplies embeddings.
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
    """Values of one prompt by layer: activations, pre-activations, inputs of norm and `out`, outputs of the MLP."""

    activations: list[Float[Tensor, "pos n_neurons"]]
    pre_activations: list[Float[Tensor, "pos n_neurons"]]
    stream: list[Float[Tensor, "pos d"]]
    mixed: list[Float[Tensor, "pos d"]]
    written: list[Float[Tensor, "pos d"]]
    token: Float[Tensor, "pos d"]
    position: Float[Tensor, "pos d"] | None


class Plain:
    """A model folder, loaded with transformers, in the dtype of the build."""

    def __init__(self, folder: Path, kind: str, names: Names, dtype: torch.dtype = torch.float32):
        model = getattr(transformers, kind).from_pretrained(folder, attn_implementation="eager", dtype=dtype)
        self.model, self.names = model.eval(), names
        self.blocks = self.model.get_submodule(names.blocks)
        self.embedding = self.model.get_input_embeddings()

    @property
    def n_layers(self) -> int:
        return len(self.blocks)

    def module(self, layer: int, name: str) -> nn.Module:
        return self.blocks[layer].get_submodule(name)

    def masked(
        self, tokens: Int[Tensor, " pos"], masked: int, baseline: Float[Tensor, " d"]
    ) -> list[Float[Tensor, "pos n_neurons"]]:
        """Return every layer's activations with one token's embedding replaced, by one full forward pass."""

        def replace(_: nn.Module, __: tuple, embedding: Tensor) -> Tensor:
            changed = embedding.clone()
            changed[:, masked] = baseline.to(changed)
            return changed

        hook = self.embedding.register_forward_hook(replace)
        try:
            return self.activations(tokens)
        finally:
            hook.remove()

    def activations(self, tokens: Int[Tensor, " pos"]) -> list[Float[Tensor, "pos n_neurons"]]:
        points = {layer: (self.module(layer, self.names.down), "in") for layer in range(self.n_layers)}
        with capture_values(points) as values:
            self.forward(tokens)
        return [flat(values[layer]) for layer in range(self.n_layers)]

    def forward(self, tokens: Int[Tensor, " pos"]) -> Tensor:
        with torch.inference_mode():
            return self.model(tokens[None])[0]

    def clean(self, tokens: Int[Tensor, " pos"]) -> Clean:
        """Return all values compared for one prompt; lists are empty if the family has no name for them."""
        names, layers = self.names, range(self.n_layers)
        hooks = {
            "activations": (names.down, "in"),
            "pre_activations": (names.up, "out"),
            "stream": (names.norm, "in"),
            "mixed": (names.out, "in"),
            "written": (names.down, "out"),
        }
        points = {
            (what, layer): (self.module(layer, name), side)
            for what, (name, side) in hooks.items()
            if name is not None
            for layer in layers
        }
        points["token"] = (self.embedding, "out")
        if names.position is not None:
            points["position"] = (self.model.get_submodule(names.position), "out")
        with capture_values(points) as values:
            self.forward(tokens)
        columns = {what: [flat(values[what, each]) for each in layers if (what, each) in values] for what in hooks}
        position = None if names.position is None else flat(values["position"])
        return Clean(**columns, token=names.embedded * flat(values["token"]), position=position)

    @cached_property
    def value_biases(self) -> list[Float[Tensor, " d"]]:
        """Return each layer's input of `out` when the attention's input is zero: the biases of the values."""
        zero_hooks = [
            self.module(layer, self.names.attention).register_forward_pre_hook(zero_input, with_kwargs=True)
            for layer in range(self.n_layers)
        ]
        points = {layer: (self.module(layer, self.names.out), "in") for layer in range(self.n_layers)}
        with capture_values(points) as values:
            self.forward(torch.zeros(3, dtype=torch.long))
        for hook in zero_hooks:
            hook.remove()
        return [flat(values[layer])[0] for layer in range(self.n_layers)]

    def logit_effects(self, layer: int, neuron: int, tokens: Int[Tensor, " pos"]) -> Float[Tensor, " n_logits"]:
        """Return the change of the logits per unit of a neuron's activation, by the direct path.

        The change of the block's output is measured and passed through the final norm, its scale held at 1, and the
        head.
        """
        change = self.block_output(layer, tokens, neuron) - self.block_output(layer, tokens, None)
        final = self.model.get_submodule(self.names.final)
        return self.logits_after(final, scaled(final, change, self.names.one_more), tokens) - self.logits_after(
            final, 0 * change, tokens
        )

    def block_output(self, layer: int, tokens: Int[Tensor, " pos"], neuron: int | None) -> Float[Tensor, " d"]:
        """Return the output at the last position, with one extra unit of activation of `neuron` if given."""

        def add_one(_: nn.Module, args: tuple) -> tuple:
            changed = args[0].clone().reshape(-1, args[0].shape[-1])
            if neuron is not None:
                changed[-1, neuron] += 1
            return changed.reshape(args[0].shape), *args[1:]

        handle = self.module(layer, self.names.down).register_forward_pre_hook(add_one)
        with capture_values({"block": (self.blocks[layer], "out")}) as values:
            self.forward(tokens)
        handle.remove()
        return flat(values["block"])[-1]

    def logits_after(
        self, final: nn.Module, norm_output: Float[Tensor, " d"], tokens: Int[Tensor, " pos"]
    ) -> Float[Tensor, " n_logits"]:
        """Return the logits for a given output of the final norm."""
        handle = final.register_forward_hook(lambda _, __, out: norm_output.expand(out.shape))
        logits = self.forward(tokens)[0, -1]
        handle.remove()
        return logits


def scaled(norm: nn.Module, change: Float[Tensor, "*rows d"], one_more: bool) -> Float[Tensor, "*rows d"]:
    """Return a norm's change for a change of its input, with its scale held at 1."""
    if centres(norm):
        change = change - change.mean(-1, keepdim=True)
    weight = getattr(norm, "weight", None)
    gain = 1.0 if weight is None else weight.detach().to(change) + one_more
    return change * gain


def centres(norm: nn.Module) -> bool:
    return "RMS" not in type(norm).__name__


def scale_of(norm: nn.Module, h: Float[Tensor, "rows d"]) -> Float[Tensor, "rows 1"]:
    """Return σ of each row."""
    eps = getattr(norm, "eps", getattr(norm, "variance_epsilon", 1e-5))
    h = h - h.mean(-1, keepdim=True) if centres(norm) else h
    return (h.square().mean(-1, keepdim=True) + eps).sqrt()


def matrix(module: nn.Module) -> Float[Tensor, "d_in d_out"]:
    """Return a layer's weights as [d_in d_out], in whichever orientation it stores them."""
    weight = module.weight.detach().float()
    return weight.T if isinstance(module, nn.Linear) else weight


def zero_input(_: nn.Module, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    if args:
        return (0 * args[0], *args[1:]), kwargs
    return args, {**kwargs, "hidden_states": 0 * kwargs["hidden_states"]}


def flat(value: Tensor) -> Float[Tensor, "pos d"]:
    return value.reshape(-1, value.shape[-1])


@contextlib.contextmanager
def capture_values(points: dict[object, tuple[nn.Module, str]]) -> Iterator[dict[object, Tensor]]:
    """Yield the inputs or outputs of modules, by label."""
    values: dict[object, Tensor] = {}

    def before(label: object) -> Callable:
        return lambda _, args, kwargs: values.update({label: args[0] if args else kwargs["hidden_states"]})

    def after(label: object) -> Callable:
        # a copy, since some models add to it in place
        return lambda _, __, out: values.update({label: (out[0] if isinstance(out, tuple) else out).clone()})

    hooks = [
        module.register_forward_pre_hook(before(label), with_kwargs=True)
        if side == "in"
        else module.register_forward_hook(after(label))
        for label, (module, side) in points.items()
    ]
    try:
        yield values
    finally:
        for hook in hooks:
            hook.remove()
