"""TransformerSource: a checkpoint's MLPs as neuron layers, read with two hooks a layer."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint

from ne_core.method.contributions import Parts
from ne_core.method.layer import NeuronLayer
from precompute.models.source import Keys, LayerPass, Readings, Split, TopLogits, UnfitModelError
from precompute.models.text_source import Way
from precompute.models.transformer import edits as editing
from precompute.models.transformer import masking, probe, settings, taps, ways
from precompute.models.transformer.baselines import baseline_ids, default_baseline
from precompute.models.transformer.checkpoint import Checkpoint, open_checkpoint
from precompute.models.transformer.errors import MODEL_ERRORS, brief, first_line, of_the_machine
from precompute.models.transformer.folding import TOLERANCES
from precompute.models.transformer.fusing import fuse_activations
from precompute.models.transformer.splitter import NotSplitError, Splitter
from precompute.models.transformer.unembedding import direct_path, top_logits, writes_directly
from precompute.models.transformer.vocabularies import ordinary_ids
from precompute.run.memory import batches

Replace = Callable[[Float[Tensor, "batch pos n_neurons"]], Float[Tensor, "batch pos n_neurons"]]


def open_transformer(
    model: str,
    *,
    weights: str = "folded",
    gated_embedding: str = "gate",
    layers: Sequence[int] | None = None,
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> "TransformerSource":
    """Open a hub name or a local folder.

    `weights` is "folded" (the norm before the MLP moved into W_in) or "raw"; `gated_embedding` says which column of a
    gated MLP makes the embedding, "gate" or "in"; `layers` None means all; `device` "auto" means cuda if there is one.
    Products of float32 are float32: torch has TF32 off unless it is asked for, and nothing here asks.
    """
    _one_of("weights", weights, ("folded", "raw"))
    _one_of("gated_embedding", gated_embedding, ("gate", "in"))
    name, checkpoint = named_checkpoint(model, device, dtype)
    try:
        return TransformerSource(name, checkpoint, weights, gated_embedding, layers)
    except UnfitModelError as error:
        raise UnfitModelError(f"{model}: {first_line(error)}") from error


def named_checkpoint(model: str, device: str, dtype: torch.dtype) -> tuple[str, Checkpoint]:
    """What a hub name or folder is called, and its checkpoint on the device."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    checkpoint = open_checkpoint(model, torch.device(device), dtype)
    fuse_activations(checkpoint.bridge.original_model)
    return Path(model).resolve().name if Path(model).is_dir() else model, checkpoint


class TransformerSource:
    """A bridged transformer as a TextSource (precompute/models/text_source.py); open it with `open_transformer`."""

    units = "neurons"

    def __init__(
        self,
        name: str,
        checkpoint: Checkpoint,
        weights: str,
        gated_embedding: str,
        layers: Sequence[int] | None,
    ):
        bridge, tokenizer = checkpoint.bridge, checkpoint.tokenizer
        self.name = name
        self.tokenizer = tokenizer
        self.weights = weights
        self.gated_embedding = gated_embedding
        self.n_ctx = settings.n_ctx(bridge)
        self.device = next(bridge.original_model.parameters()).device
        self._bridge = bridge
        self._has_head = checkpoint.has_head
        self.n_layers = settings.n_layers(bridge)
        self.layers = self._checked(range(self.n_layers) if layers is None else layers, range(self.n_layers))
        self._tolerance = TOLERANCES[next(bridge.original_model.parameters()).dtype]
        self.n_embeddings = checkpoint.n_embeddings
        self._probe = self._arbitrary(min(probe.PROBE_TOKENS, self.n_ctx))
        self._read, self.causal = self._behaviour(fold=weights == "folded")
        self._ways: dict[int, Way] = {}

    @property
    def writes_as_it_reads(self) -> bool:
        """Whether a change of an activation can be written into the model: MLPs are a part of it."""
        return True

    @property
    def gated(self) -> bool:
        """Whether a neuron has two weight columns, the gate's and the other's."""
        return getattr(self._bridge.blocks[self.layers[0]].mlp, "W_gate", None) is not None

    def facts(self, folder: Path, model_sha256: str) -> dict[str, Any]:
        """Nothing: there is no autoencoder."""
        return {}

    def layer(self, layer: int) -> NeuronLayer:
        """Input weights and biases, folded or raw as this source was opened."""
        (layer,) = self._checked([layer], self.layers)
        W, b = probe.weights(self._bridge, layer, self.gated_embedding)
        norm = self._read[layer].norm
        if norm is not None:
            W, b = norm.folded(W, b)
        return NeuronLayer(W.cpu().numpy(), b.cpu().numpy())

    def unfolded(
        self, layer: int, x: Float[np.ndarray, "n d_in"]
    ) -> tuple[Float[np.ndarray, "n d_in"], Float[np.ndarray, "d_in n_neurons"]]:
        """What the MLP itself is given where this source has x, and the weights that it multiplies that with."""
        (layer,) = self._checked([layer], self.layers)
        given = self._given(layer)(torch.from_numpy(x).to(self.device))
        return given.cpu().numpy(), probe.weights(self._bridge, layer, self.gated_embedding)[0].cpu().numpy()

    def inputs(self, layer: int, x: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        """The x that `layer(layer)` multiplies: x as it is, or with folded weights its norm without gain and shift."""
        norm = self._read[layer].norm
        return x.float() if norm is None else norm.normalised(x)

    def read(
        self,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        visit: Callable[[LayerPass], None],
        layers: Sequence[int] | None = None,
    ) -> None:
        """Run the model once over right-padded prompts; `visit` is called as each layer is computed, in order."""
        layers = self.layers if layers is None else self._checked(layers, self.layers)
        tokens, lengths = self._on_device(tokens, lengths)
        real = torch.arange(tokens.shape[1], device=self.device) < lengths[:, None]
        last = layers[-1]
        hooks = [hook for layer in layers for hook in self._layer_hooks(layer, tokens.shape, visit, layer == last)]
        taps.run(self._bridge, tokens, hooks, attention_mask=real.long())

    def default_baseline(self) -> str:
        """The mask token where there is one that the model embeds."""
        return default_baseline(self.tokenizer, self.n_embeddings)

    def baselines(self, names: Sequence[str]) -> Mapping[str, Float[Tensor, " d_model"]]:
        """What takes a masked token's place in the embedding, by name: `mask-token`, `mean-embedding`, `token:TEXT`."""
        ids = {name: baseline_ids(self.tokenizer, self.n_embeddings, name) for name in names}
        return {name: self._embedded(of_name).mean(0) for name, of_name in ids.items()}

    def read_masked(
        self,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        readings: Readings,
        baseline: Float[Tensor, " d_model"],
    ) -> Float[np.ndarray, " n"]:
        """The activation of each reading; every (prompt, masked position) is run once, however many readings share it.

        Causal models reuse the keys and values before the mask and compute what lies between it and the last reading,
        so no reading stands before its mask; encoders recompute the prompt. Batches shrink where memory runs out.
        """
        if len(readings) == 0:
            return np.empty(0, dtype=np.float32)
        self._checked(readings.layer.tolist(), self.layers)
        tokens, lengths = self._on_device(tokens, lengths)
        ends = lengths.cpu().numpy()[readings.prompt]
        first = readings.masked if self.causal else 0
        if (np.maximum(readings.pos, readings.masked) >= ends).any() or (readings.pos < first).any():
            raise ValueError(
                "masked and read positions must be tokens of their prompt, in a causal model in this order"
            )
        return self._masked(self._asked(tokens, lengths, readings, baseline, self._tap))

    def way(self, n_pos: int) -> Way:
        """How masked prompts of that length are run, tried once on this model with prompts as long.

        Raises UnfitModelError where a token cannot be masked by its embedding.
        """
        if n_pos not in self._ways:
            window = settings.attention_window(self._bridge)
            self._ways[n_pos] = ways.decided(self._trial(n_pos), self.causal, n_pos, window)
        return self._ways[n_pos]

    def read_on(
        self,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        visit: Callable[[LayerPass], None] | None = None,
        replaced: Mapping[int, Replace] | None = None,
    ) -> Float[Tensor, "batch pos n_logits"] | None:
        """`read`, run on to the logits; None where the checkpoint has no head.

        `replaced` gives other activations in the place of a layer's, which `visit` is shown before.
        """
        tokens, lengths = self._on_device(tokens, lengths)
        real, hooks = torch.arange(tokens.shape[1], device=self.device) < lengths[:, None], []
        if visit is not None:
            last = None if self._has_head else self.layers[-1]
            hooks += [
                hook for each in self.layers for hook in self._layer_hooks(each, tokens.shape, visit, each == last)
            ]
        hooks += [self._replace_hook(layer, tokens.shape, replace) for layer, replace in (replaced or {}).items()]
        kind = "logits" if self._has_head else None
        logits = taps.run(self._bridge, tokens, hooks, attention_mask=real.long(), return_type=kind)
        return logits.float() if self._has_head else None

    def logits_with(
        self, layer: int, tokens: Int[Tensor, "batch pos"], lengths: Int[Tensor, " batch"], replaced: Replace
    ) -> Float[Tensor, "batch pos n_logits"] | None:
        """The logits when one layer's activations are replaced; None where the checkpoint has no head."""
        return self.read_on(tokens, lengths, replaced={layer: replaced}) if self._has_head else None

    @property
    def predicts(self) -> bool:
        """Whether it tells what comes next: it reads from left to right, and has the head that makes logits."""
        return self.causal and self._has_head

    def activations_on(
        self, layer: int, x: Float[np.ndarray, "n d_in"], neuron: Int[np.ndarray, " n"]
    ) -> Float[np.ndarray, " n"]:
        """What the layer's own MLP makes of an atlas's x, or of any x that one likes: one neuron's activation each."""
        (layer,) = self._checked([layer], self.layers)
        found = np.empty(len(x), dtype=np.float32)
        for start in range(0, len(x), editing.INPUTS_AT_ONCE):
            part = slice(start, start + editing.INPUTS_AT_ONCE)
            given = self._given(layer)(torch.from_numpy(x[part]).to(self.device))
            neurons = torch.from_numpy(neuron[part]).to(self.device)
            found[part] = editing.activations_on(self._bridge, layer, given, neurons).cpu().numpy()
        return found

    def edited(
        self,
        layer: int,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        edits: editing.Edits,
    ) -> editing.Edited | None:
        """The model run on with x replaced, an edit at a time; None where it predicts no next token, or has no head."""
        (layer,) = self._checked([layer], self.layers)
        if not self.predicts:
            return None
        tokens, lengths = self._on_device(tokens, lengths)
        limits = (batches(self, things) for things in ("clean prompts", "edited inputs"))
        asked = editing.Edit(self._bridge, layer, self._given(layer), tokens, lengths, edits, *limits)
        return editing.reuse(asked) if self.way(tokens.shape[1]).reuses else editing.recompute(asked)

    def logit_effects(self, layer: int, k: int) -> TopLogits | None:
        """The `k` tokens whose logits each neuron raises, and lowers, most: `unembedding` has the formula.

        None where the model is not seen to add W_out to a residual stream that a norm and a matrix make logits of.
        """
        (layer,) = self._checked([layer], self.layers)
        if not self._has_head or not writes_directly(self._bridge, layer, self._probe, self._tolerance):
            return None
        n_vocab = 1 + max(self.tokenizer.get_vocab().values())
        U = direct_path(self._bridge, self._probe, n_vocab, self._tolerance)
        return None if U is None else top_logits(self._bridge.blocks[layer].mlp.W_out.detach().float(), U, k)

    def parts(self) -> Parts | str:
        """What pre-activations of these layers are split into; in words why they cannot be, where they cannot."""
        found = self._splitter
        return found if isinstance(found, str) else found.parts

    def split(
        self, tokens: Int[Tensor, "batch pos"], lengths: Int[Tensor, " batch"], keys: Mapping[int, Keys]
    ) -> dict[int, Split]:
        """By layer, each of its pre-activations split, from one clean run of the prompts; where there are `parts`.

        Some prompts at a time, whose patterns are held at once; fewer where memory runs out.
        """
        tokens, lengths = self._on_device(tokens, lengths)
        real = (torch.arange(tokens.shape[1], device=self.device) < lengths[:, None]).long()
        most, limit = max(1, masking.TOKENS_PER_PASS["cpu"] // tokens.shape[1]), batches(self, "split prompts")

        def run(start: int, part: slice) -> dict[int, Split]:
            part = slice(start + part.start, start + part.stop)
            here = {layer: of_layer.within(part) for layer, of_layer in keys.items()}
            return self._splitter.split(tokens[part], real[part], here)

        starts = range(0, len(tokens), most)
        found = [split for at in starts for split in limit.each(min(most, len(tokens) - at), partial(run, at))]
        return {layer: Split.joined([each[layer] for each in found]) for layer in keys}

    @cached_property
    def _splitter(self) -> Splitter | str:
        try:
            return Splitter(self._bridge, self.layers, self.gated_embedding, self._probe, self._tolerance)
        except NotSplitError as error:
            return str(error)
        except MODEL_ERRORS as error:
            if of_the_machine(error):
                raise
            return f"this model cannot be split: {brief(error)}"

    def _asked(
        self,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        readings: Readings,
        baseline: Float[Tensor, " d_model"],
        tap: Callable[[int], masking.Tap],
    ) -> masking.Asked:
        limits = (batches(self, things) for things in ("clean prompts", "masked prompts"))
        return masking.Asked(self._bridge, tap, tokens, lengths, readings, baseline.to(self.device), *limits)

    def _tap(self, layer: int) -> masking.Tap:
        return masking.mlp_tap(self._bridge, layer)

    def _masked(self, asked: masking.Asked) -> Float[np.ndarray, " n"]:
        way = self.way(asked.tokens.shape[1])
        return masking.reuse(asked) if way.reuses else masking.recompute(asked, way.cut)

    def _given(self, layer: int) -> Callable[[Tensor], Tensor]:
        """What the layer's MLP is given where x is what an atlas has of it: the way back from `inputs`."""
        norm = self._read[layer].norm
        return torch.Tensor.float if norm is None else norm.given

    def _layer_hooks(
        self, layer: int, shape: torch.Size, visit: Callable[[LayerPass], None], is_last: bool
    ) -> list[taps.Hook]:
        """x kept when it passes, and shown with the activations when they do."""
        x = torch.empty(0)

        def keep(tensor: Tensor) -> None:
            nonlocal x
            x = tensor.reshape(*shape, -1)

        def show(activations: Tensor) -> None:
            visit(LayerPass(layer, x, activations.reshape(*shape, -1)))
            if is_last:
                raise taps.Stop

        return [(self._read[layer].x, keep), (taps.activations(self._bridge, layer), show)]

    def _replace_hook(self, layer: int, shape: torch.Size, replaced: Replace) -> taps.Hook:
        """Other activations in the place of a layer's."""

        def replace(activations: Tensor) -> Tensor:
            return replaced(activations.reshape(*shape, -1)).reshape(activations.shape).to(activations)

        return taps.activations(self._bridge, layer), replace

    def _behaviour(self, fold: bool) -> tuple[dict[int, probe.LayerRead], bool]:
        """What the model is seen to do on a few tokens. Raises UnfitModelError for whatever goes wrong in it."""
        try:
            return probe.behaviour(self._bridge, self.layers, self._probe, self._tolerance, fold)
        except UnfitModelError:
            raise
        except MODEL_ERRORS as error:
            if of_the_machine(error):
                raise
            kind = type(self._bridge.original_model).__name__
            raise UnfitModelError(
                f"transformer_lens cannot run this {kind}: {brief(error)}; the other families that it reads would work"
            ) from error

    def _arbitrary(self, length: int) -> Int[Tensor, "2 pos"]:
        return probe.probe_tokens(ordinary_ids(self.tokenizer, self.n_embeddings), length).to(self.device)

    def _trial(self, n_pos: int) -> ways.Trial:
        """A prompt of that length, and another token that stands in the place of some of its own."""
        tokens, last = self._arbitrary(n_pos), self.layers[-1]
        other = tokens[1, -1:]
        n_neurons = min(ways.NEURONS, self._bridge.blocks[last].mlp.W_in.shape[1])
        groups = ways.groups_of(n_pos, last, n_neurons)
        lengths, baseline = torch.tensor([n_pos], device=self.device), self._embedded(other)[0]
        tap = partial(masking.mlp_tap, self._bridge)

        def ask(readings: Readings) -> masking.Asked:
            return self._asked(tokens[:1], lengths, readings, baseline, tap)

        run = partial(ways.last_activations, self._bridge, last)
        expected = ways.really_replaced(run, tokens[:1], int(other), groups)
        return ways.Trial(ask, groups, expected, self._tolerance)

    def _embedded(self, ids: Int[Tensor, " n"]) -> Float[Tensor, "n d_model"]:
        """Embeddings as the hook shows them that masks tokens: some models scale them after the table."""
        seen: dict[HookPoint, Tensor] = {}
        point = taps.embedding(self._bridge)
        with torch.inference_mode(), taps.hooked([(point, probe.keep(seen, point))]):
            self._bridge.embed(ids[None].to(self.device))
        return seen[point][0].float()

    def _checked(self, layers: Sequence[int], available: Sequence[int]) -> tuple[int, ...]:
        """The layers, in the order in which the model computes them."""
        wrong = [layer for layer in layers if layer not in available]
        if wrong or not len(layers):
            raise ValueError(f"no layer {wrong[0] if wrong else 'at all'}: there are {', '.join(map(str, available))}")
        return tuple(sorted(set(layers)))

    def _on_device(
        self, tokens: Int[Tensor, "batch pos"], lengths: Int[Tensor, " batch"]
    ) -> tuple[Int[Tensor, "batch pos"], Int[Tensor, " batch"]]:
        if tokens.shape[1] > self.n_ctx:
            raise ValueError(f"{tokens.shape[1]} tokens of context: this model has at most {self.n_ctx}")
        beyond = tokens >= self.n_embeddings
        if (beyond & (torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None])).any():
            raise ValueError(f"a text has token {int(tokens.max())}: this model embeds 0 to {self.n_embeddings - 1}")
        tokens = tokens.masked_fill(beyond, 0)  # padding that was added to the tokenizer alone
        return tokens.to(self.device).long(), lengths.to(self.device).long()


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{option}={value!r}: it is one of {', '.join(allowed)}")
