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
from precompute.models.live_source import Replace
from precompute.models.source import Keys, LayerPass, Readings, Split, TopLogits, UnfitModelError
from precompute.models.text_source import MaskingMode
from precompute.models.transformer import edits as editing
from precompute.models.transformer import masking, masking_modes, probe, settings, taps
from precompute.models.transformer.baselines import baseline_ids, default_baseline
from precompute.models.transformer.checkpoint import Checkpoint, open_checkpoint
from precompute.models.transformer.errors import MODEL_ERRORS, brief, first_line, of_the_machine
from precompute.models.transformer.folding import TOLERANCES
from precompute.models.transformer.fusing import fuse_activations
from precompute.models.transformer.splitter import NotSplitError, Splitter
from precompute.models.transformer.unembedding import direct_path, top_logits, writes_directly
from precompute.models.transformer.vocabularies import ordinary_ids
from precompute.run.memory import batches


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

    `weights` is "folded" (the norm before the MLP moved into W_in) or "raw"; `gated_embedding` is the column of a gated
    MLP used for the embedding, "gate" or "in"; `layers` None means all; `device` "auto" means cuda if available.
    Products of float32 are computed in float32: torch's TF32 is off by default and is not enabled here.
    """
    _one_of("weights", weights, ("folded", "raw"))
    _one_of("gated_embedding", gated_embedding, ("gate", "in"))
    name, checkpoint = named_checkpoint(model, device, dtype)
    try:
        return TransformerSource(name, checkpoint, weights, gated_embedding, layers)
    except UnfitModelError as error:
        raise UnfitModelError(f"{model}: {first_line(error)}") from error


def named_checkpoint(model: str, device: str, dtype: torch.dtype) -> tuple[str, Checkpoint]:
    """Return the display name of a hub name or folder, and its checkpoint on the device."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    checkpoint = open_checkpoint(model, torch.device(device), dtype)
    fuse_activations(checkpoint.bridge.original_model)
    return Path(model).resolve().name if Path(model).is_dir() else model, checkpoint


class TransformerSource:
    """A bridged transformer as a LiveSource (precompute/models/live_source.py); open it with `open_transformer`."""

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
        self.layers = self._check_layers(range(self.n_layers) if layers is None else layers, range(self.n_layers))
        self._tolerance = TOLERANCES[next(bridge.original_model.parameters()).dtype]
        self.n_embeddings = checkpoint.n_embeddings
        self._probe = self._arbitrary(min(probe.PROBE_TOKENS, self.n_ctx))
        self._read, self.causal = self._behaviour(fold=weights == "folded")
        self._masking_modes: dict[int, MaskingMode] = {}

    @property
    def changes_can_be_written(self) -> bool:
        """Return True: changed activations of an MLP can be written back into the model."""
        return True

    @property
    def gated(self) -> bool:
        """True if a neuron has two weight columns, the gate's and the other."""
        return getattr(self._bridge.blocks[self.layers[0]].mlp, "W_gate", None) is not None

    def facts(self, model_sha256: str) -> dict[str, Any]:
        """Return an empty dict: there is no autoencoder."""
        return {}

    def layer(self, layer: int) -> NeuronLayer:
        """Return input weights and biases, folded or raw as this source was opened."""
        (layer,) = self._check_layers([layer], self.layers)
        W, b = probe.weights(self._bridge, layer, self.gated_embedding)
        norm = self._read[layer].norm
        if norm is not None:
            W, b = norm.folded(W, b)
        return NeuronLayer(W.cpu().numpy(), b.cpu().numpy())

    def unfolded(
        self, layer: int, x: Float[np.ndarray, "n d_in"]
    ) -> tuple[Float[np.ndarray, "n d_in"], Float[np.ndarray, "d_in n_neurons"]]:
        """Return the MLP's own input for this source's x, and the raw weights that multiply it."""
        (layer,) = self._check_layers([layer], self.layers)
        mlp_input = self._to_mlp_input(layer)(torch.from_numpy(x).to(self.device))
        return mlp_input.cpu().numpy(), probe.weights(self._bridge, layer, self.gated_embedding)[0].cpu().numpy()

    def inputs(self, layer: int, x: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        """Return the x that `layer(layer)` multiplies: x itself, or with folded weights the normalised x̂."""
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
        layers = self.layers if layers is None else self._check_layers(layers, self.layers)
        tokens, lengths = self._on_device(tokens, lengths)
        real = torch.arange(tokens.shape[1], device=self.device) < lengths[:, None]
        last = layers[-1]
        hooks = [hook for layer in layers for hook in self._layer_hooks(layer, tokens.shape, visit, layer == last)]
        taps.run(self._bridge, tokens, hooks, attention_mask=real.long())

    def default_baseline(self) -> str:
        """Return the mask token if the model embeds one, else the mean embedding."""
        return default_baseline(self.tokenizer, self.n_embeddings)

    def baselines(self, names: Sequence[str]) -> Mapping[str, Float[Tensor, " d_model"]]:
        """Return embeddings that can replace a masked token: `mask-token`, `mean-embedding` or `token:TEXT`."""
        ids = {name: baseline_ids(self.tokenizer, self.n_embeddings, name) for name in names}
        return {name: self._embedded(token_ids).mean(0) for name, token_ids in ids.items()}

    def read_masked(
        self,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        readings: Readings,
        baseline: Float[Tensor, " d_model"],
    ) -> Float[np.ndarray, " n"]:
        """Return the activation of each reading; every (prompt, masked position) is run once for all its readings.

        Causal models reuse the keys and values before the mask and compute only the tokens from the mask to the last
        reading, so no reading may precede its mask; encoders recompute the prompt. Batches shrink when memory runs out.
        """
        if len(readings) == 0:
            return np.empty(0, dtype=np.float32)
        self._check_layers(readings.layer.tolist(), self.layers)
        tokens, lengths = self._on_device(tokens, lengths)
        ends = lengths.cpu().numpy()[readings.prompt]
        first = readings.masked if self.causal else 0
        if (np.maximum(readings.pos, readings.masked) >= ends).any() or (readings.pos < first).any():
            raise ValueError(
                "masked and read positions must be tokens of their prompt, and in a causal model "
                "no reading may precede its mask"
            )
        return self._masked(self._request(tokens, lengths, readings, baseline, self._tap))

    def masking_mode(self, n_pos: int) -> MaskingMode:
        """Return the masking mode for prompts of `n_pos` tokens, measured once on this model.

        Raises UnfitModelError if a token cannot be masked by replacing its embedding.
        """
        if n_pos not in self._masking_modes:
            window = settings.attention_window(self._bridge)
            self._masking_modes[n_pos] = masking_modes.choose_mode(self._trial(n_pos), self.causal, n_pos, window)
        return self._masking_modes[n_pos]

    def run_to_logits(
        self,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        visit: Callable[[LayerPass], None] | None = None,
        replaced: Mapping[int, Replace] | None = None,
    ) -> Float[Tensor, "batch pos n_logits"] | None:
        """Run the model to its logits, with the activations of some layers replaced; None if it has no head.

        `replaced` has, by layer, the function from activations to their replacements; `visit` gets the originals.
        """
        tokens, lengths = self._on_device(tokens, lengths)
        real, hooks = torch.arange(tokens.shape[1], device=self.device) < lengths[:, None], []
        if visit is not None:
            last = None if self._has_head else self.layers[-1]
            hooks += [
                hook for each in self.layers for hook in self._layer_hooks(each, tokens.shape, visit, each == last)
            ]
        for layer, replace in (replaced or {}).items():
            hooks += self._replace_hooks(layer, tokens.shape, replace)
        kind = "logits" if self._has_head else None
        logits = taps.run(self._bridge, tokens, hooks, attention_mask=real.long(), return_type=kind)
        return logits.float() if self._has_head else None

    def logits_with(
        self, layer: int, tokens: Int[Tensor, "batch pos"], lengths: Int[Tensor, " batch"], replaced: Replace
    ) -> Float[Tensor, "batch pos n_logits"] | None:
        """Return the logits with one layer's activations replaced; None if the checkpoint has no head."""
        return self.run_to_logits(tokens, lengths, replaced={layer: replaced}) if self._has_head else None

    @property
    def predicts(self) -> bool:
        """Return whether the model predicts next tokens: it reads from left to right and has an unembedding."""
        return self.causal and self._has_head

    def activations_on(
        self, layer: int, x: Float[np.ndarray, "n d_in"], neuron: Int[np.ndarray, " n"]
    ) -> Float[np.ndarray, " n"]:
        """Return one neuron's activation for each x, in the form that an atlas stores; any x is allowed."""
        (layer,) = self._check_layers([layer], self.layers)
        values = np.empty(len(x), dtype=np.float32)
        for start in range(0, len(x), editing.MAX_INPUTS):
            part = slice(start, start + editing.MAX_INPUTS)
            mlp_input = self._to_mlp_input(layer)(torch.from_numpy(x[part]).to(self.device))
            neurons = torch.from_numpy(neuron[part]).to(self.device)
            values[part] = editing.activations_on(self._bridge, layer, mlp_input, neurons).cpu().numpy()
        return values

    def apply_edits(
        self,
        layer: int,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        edits: editing.Edits,
    ) -> editing.EditResults | None:
        """Run the model with x replaced, one edit at a time; None if it predicts no next token or has no head."""
        (layer,) = self._check_layers([layer], self.layers)
        if not self.predicts:
            return None
        tokens, lengths = self._on_device(tokens, lengths)
        limits = (batches(self, limited) for limited in ("clean prompts", "edited inputs"))
        request = editing.EditRequest(self._bridge, layer, self._to_mlp_input(layer), tokens, lengths, edits, *limits)
        return editing.reuse(request) if self.masking_mode(tokens.shape[1]).reuses else editing.recompute(request)

    def logit_effects(self, layer: int, k: int) -> TopLogits | None:
        """Return the `k` tokens whose logits each neuron raises, and lowers, most (formula in `unembedding`).

        None unless the model adds W_out to a residual stream that a norm and a matrix turn into logits.
        """
        (layer,) = self._check_layers([layer], self.layers)
        if not self._has_head or not writes_directly(self._bridge, layer, self._probe, self._tolerance):
            return None
        n_vocab = 1 + max(self.tokenizer.get_vocab().values())
        U = direct_path(self._bridge, self._probe, n_vocab, self._tolerance)
        return None if U is None else top_logits(self._bridge.blocks[layer].mlp.W_out.detach().float(), U, k)

    def parts(self) -> Parts | str:
        """Return the parts into which pre-activations of these layers are split, or a message if they cannot be."""
        splitter = self._splitter
        return splitter if isinstance(splitter, str) else splitter.parts

    def split(
        self, tokens: Int[Tensor, "batch pos"], lengths: Int[Tensor, " batch"], keys: Mapping[int, Keys]
    ) -> dict[int, Split]:
        """Split the requested pre-activations of each layer, from one clean run of the prompts; requires `parts`.

        Some prompts are run at a time, since their attention patterns are held in memory; fewer when memory runs out.
        """
        tokens, lengths = self._on_device(tokens, lengths)
        real = (torch.arange(tokens.shape[1], device=self.device) < lengths[:, None]).long()
        n_prompts, limit = max(1, masking.TOKENS_PER_PASS["cpu"] // tokens.shape[1]), batches(self, "split prompts")

        def run(start: int, part: slice) -> dict[int, Split]:
            part = slice(start + part.start, start + part.stop)
            keys_in_part = {layer: layer_keys.within(part) for layer, layer_keys in keys.items()}
            return self._splitter.split(tokens[part], real[part], keys_in_part)

        starts = range(0, len(tokens), n_prompts)
        splits = [
            split for start in starts for split in limit.each(min(n_prompts, len(tokens) - start), partial(run, start))
        ]
        return {layer: Split.joined([each[layer] for each in splits]) for layer in keys}

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

    def _request(
        self,
        tokens: Int[Tensor, "batch pos"],
        lengths: Int[Tensor, " batch"],
        readings: Readings,
        baseline: Float[Tensor, " d_model"],
        tap: Callable[[int], masking.Tap],
    ) -> masking.MaskingRequest:
        limits = (batches(self, limited) for limited in ("clean prompts", "masked prompts"))
        return masking.MaskingRequest(self._bridge, tap, tokens, lengths, readings, baseline.to(self.device), *limits)

    def _tap(self, layer: int) -> masking.Tap:
        return masking.mlp_tap(self._bridge, layer)

    def _masked(self, request: masking.MaskingRequest) -> Float[np.ndarray, " n"]:
        mode = self.masking_mode(request.tokens.shape[1])
        return masking.reuse(request) if mode.reuses else masking.recompute(request, mode.cut)

    def _to_mlp_input(self, layer: int) -> Callable[[Tensor], Tensor]:
        """Return the function that maps an atlas's x to the MLP's input, the inverse of `inputs`."""
        norm = self._read[layer].norm
        return torch.Tensor.float if norm is None else norm.denormalised

    def _layer_hooks(
        self, layer: int, shape: torch.Size, visit: Callable[[LayerPass], None], is_last: bool
    ) -> list[taps.Hook]:
        """Return hooks that store x and pass it to `visit` with the activations."""
        x = torch.empty(0)

        def store_x(tensor: Tensor) -> None:
            nonlocal x
            x = tensor.reshape(*shape, -1)

        def visit_layer(activations: Tensor) -> None:
            visit(LayerPass(layer, x, activations.reshape(*shape, -1)))
            if is_last:
                raise taps.Stop

        return [(self._read[layer].x, store_x), (taps.activations(self._bridge, layer), visit_layer)]

    def _replace_hooks(self, layer: int, shape: torch.Size, replaced: Replace) -> list[taps.Hook]:
        """Return hooks that replace a layer's activations."""

        def replace(activations: Tensor) -> Tensor:
            return replaced(activations.reshape(*shape, -1)).reshape(activations.shape).to(activations)

        return [(taps.activations(self._bridge, layer), replace)]

    def _behaviour(self, fold: bool) -> tuple[dict[int, probe.LayerRead], bool]:
        """Return the hook points of each layer and whether the model is causal. Raises UnfitModelError."""
        try:
            return probe.behaviour(self._bridge, self.layers, self._probe, self._tolerance, fold)
        except UnfitModelError:
            raise
        except MODEL_ERRORS as error:
            if of_the_machine(error):
                raise
            kind = type(self._bridge.original_model).__name__
            raise UnfitModelError(
                f"transformer_lens cannot run this {kind}: {brief(error)}; use a family that it supports"
            ) from error

    def _arbitrary(self, length: int) -> Int[Tensor, "2 pos"]:
        return probe.probe_tokens(ordinary_ids(self.tokenizer, self.n_embeddings), length).to(self.device)

    def _trial(self, n_pos: int) -> masking_modes.Trial:
        """Return a trial on a prompt of that length, in which another token replaces some of its own."""
        tokens, last = self._arbitrary(n_pos), self.layers[-1]
        other = tokens[1, -1:]
        n_neurons = min(masking_modes.NEURONS, self._bridge.blocks[last].mlp.W_in.shape[1])
        groups = masking_modes.groups_of(n_pos, last, n_neurons)
        lengths, baseline = torch.tensor([n_pos], device=self.device), self._embedded(other)[0]
        tap = partial(masking.mlp_tap, self._bridge)

        def make_request(readings: Readings) -> masking.MaskingRequest:
            return self._request(tokens[:1], lengths, readings, baseline, tap)

        run = partial(masking_modes.last_activations, self._bridge, last)
        expected = masking_modes.reference_readings(run, tokens[:1], int(other), groups)
        return masking_modes.Trial(make_request, groups, expected, self._tolerance)

    def _embedded(self, ids: Int[Tensor, " n"]) -> Float[Tensor, "n d_model"]:
        """Return embeddings as the masking hook sees them: some models scale them after the table."""
        tensors: dict[HookPoint, Tensor] = {}
        point = taps.embedding(self._bridge)
        with torch.inference_mode(), taps.hooked([(point, probe.capture(tensors, point))]):
            self._bridge.embed(ids[None].to(self.device))
        return tensors[point][0].float()

    def _check_layers(self, layers: Sequence[int], available: Sequence[int]) -> tuple[int, ...]:
        """Return the layers, in the order in which the model computes them. Raises ValueError if one is missing."""
        wrong = [layer for layer in layers if layer not in available]
        if wrong or not len(layers):
            raise ValueError(
                f"no layer {wrong[0] if wrong else 'given'}: this model has layers {', '.join(map(str, available))}"
            )
        return tuple(sorted(set(layers)))

    def _on_device(
        self, tokens: Int[Tensor, "batch pos"], lengths: Int[Tensor, " batch"]
    ) -> tuple[Int[Tensor, "batch pos"], Int[Tensor, " batch"]]:
        if tokens.shape[1] > self.n_ctx:
            raise ValueError(f"a context of {tokens.shape[1]} tokens: this model has at most {self.n_ctx}")
        beyond = tokens >= self.n_embeddings
        if (beyond & (torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None])).any():
            raise ValueError(
                f"a text contains token {int(tokens.max())}: this model embeds 0 to {self.n_embeddings - 1}"
            )
        tokens = tokens.masked_fill(beyond, 0)  # padding added to the tokenizer only
        return tokens.to(self.device).long(), lengths.to(self.device).long()


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{option}={value!r}: use one of {', '.join(allowed)}")
