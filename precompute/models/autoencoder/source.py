"""SaeSource: latents of a sparse autoencoder, at its hook in a transformer, as one neuron layer."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ne_core.method.layer import NeuronLayer
from precompute.models.autoencoder.centring import subtracts_mean
from precompute.models.autoencoder.config import SaeConfig, SaeError
from precompute.models.autoencoder.files import read_sae, sae_sha256
from precompute.models.autoencoder.forms.saelens import CFG
from precompute.models.autoencoder.hook_place import (
    check_layer,
    is_added_to,
    layer_and_part,
    place_of,
    written_place,
)
from precompute.models.autoencoder.latents import Latents
from precompute.models.autoencoder.located import Located, locate
from precompute.models.live_source import Replace
from precompute.models.source import LayerPass, TopLogits, UnfitModelError
from precompute.models.transformer import masking, taps
from precompute.models.transformer.checkpoint import Checkpoint
from precompute.models.transformer.errors import first_line
from precompute.models.transformer.source import TransformerSource, named_checkpoint
from precompute.models.transformer.unembedding import direct_path, reaches_stream, top_logits, writes_directly


def open_sae(sae: str | Located, model: str, *, device: str = "cpu", dtype: torch.dtype = torch.float32) -> "SaeSource":
    """Open a dictionary (a folder, `hf://…`, or RELEASE/ID) and the model (a hub name or a folder) that it reads.

    Raises SaeError and UnfitModelError. The autoencoder is computed in float32, whatever the model's dtype.
    """
    located = locate(sae) if isinstance(sae, str) else sae
    config, weights = read_sae(located.place, located.fields)
    name, checkpoint = named_checkpoint(model, device, dtype)
    try:
        return SaeSource(name, checkpoint, located, config, weights)
    except UnfitModelError as error:
        raise UnfitModelError(f"{model}: {first_line(error)}") from error
    except SaeError as error:
        raise SaeError(f"{located.place}: {error}") from None


NOT_SPLIT = "latents of an autoencoder are not split into contributions"


class SaeSource(TransformerSource):
    """A transformer read through an autoencoder; open it with `open_sae`. Its only layer is the hook's."""

    units = "latents"

    def __init__(
        self, name: str, checkpoint: Checkpoint, located: Located, config: SaeConfig, weights: dict[str, Tensor]
    ):
        layer, _ = layer_and_part(config.hook)
        check_layer(checkpoint.bridge, config.hook, layer)
        super().__init__(name, checkpoint, "raw", "gate", [layer])
        self._located = located
        self._place = place_of(self._bridge, config.hook, self._probe, config.d_in, self._tolerance)
        self._written = [
            written_place(self._bridge, hook, self._probe, config.d_out, self._place.point) for hook in config.hooks_out
        ]
        centred = subtracts_mean(self._bridge, self._place, config.model_centred, self._probe, self._tolerance)
        self._latents = Latents.of(config, self._place.norm, centred, weights, self.device)

    def facts(self, model_sha256: str) -> dict:
        """Return the manifest's entry about the autoencoder.

        Raises SaeError if it was trained on weights other than the model's.
        """
        config, located = self._latents.config, self._located
        if config.model_sha256 not in (None, model_sha256):
            raise SaeError(
                f"{located.place}: trained on other weights than those of {self.name} (model_sha256 in {CFG})"
            )
        return {
            "name": located.name,
            "architecture": config.architecture,
            "k": config.k,
            "hook": config.hook,
            "hooks_out": list(config.hooks_out) or None,
            "centred": self._latents.centred,
            "rescaling": config.rescaling,
            "scale": config.scale,
            "source": located.source,
            "fields": dict(located.fields) or None,
            "sha256": sae_sha256(located.place),
        }

    @property
    def gated(self) -> bool:
        return False

    def layer(self, layer: int) -> NeuronLayer:
        """Return the encoder's weights and biases."""
        self._check_layers([layer], self.layers)
        return NeuronLayer(self._latents.W_enc.cpu().numpy(), self._latents.b_enc.cpu().numpy())

    def inputs(self, layer: int, x: Float[Tensor, "*rows d_in"]) -> Float[Tensor, "*rows d_in"]:
        """Return the input of the encoder, given the activations at the hook."""
        return self._latents.x(x)

    def logit_effects(self, layer: int, k: int) -> TopLogits | None:
        """Return top logits per unit of a latent's activation, through its decoder row (and W_out at neurons).

        A cross-layer transcoder's rows are added up: each of them reaches the logits.
        """
        self._check_layers([layer], self.layers)
        if not self._has_head or not self._reaches_logits():
            return None
        W_dec, n_vocab = self._latents.W_dec, 1 + max(self.tokenizer.get_vocab().values())
        W_dec = W_dec.sum(1) if W_dec.ndim == 3 else W_dec
        if self._place.is_neurons and not self._written:
            W_dec = W_dec @ self._bridge.blocks[self._place.layer].mlp.W_out.detach().float()
        U = direct_path(self._bridge, self._probe, n_vocab, self._tolerance)
        return None if U is None else top_logits(W_dec, U, k)

    def parts(self) -> str:
        return NOT_SPLIT

    def _reaches_logits(self) -> bool:
        """Return whether the decoder's output reaches the residual stream unchanged: not rescaled, not normalised."""
        if self._written:
            return all(reaches_stream(self._bridge, place.point, place.layer, self._probe) for place in self._written)
        if self._latents.config.rescaling != "none" or self._place.is_normalised:
            return False
        if self._place.is_neurons:
            return writes_directly(self._bridge, self._place.layer, self._probe, self._tolerance)
        if self._place.is_middle:
            return is_added_to(self._bridge, self._place, self._probe, self._tolerance)
        return reaches_stream(self._bridge, self._place.point, self._place.layer, self._probe)

    def _layer_hooks(
        self, layer: int, shape: torch.Size, visit: Callable[[LayerPass], None], is_last: bool
    ) -> list[taps.Hook]:
        def read(h: Tensor) -> None:
            h = h.reshape(*shape, -1)
            visit(LayerPass(layer, h, self._latents.activations(h)))
            if is_last:
                raise taps.Stop

        return [(self._place.point, read)]

    def _replace_hooks(self, layer: int, shape: torch.Size, replaced: Replace) -> list[taps.Hook]:
        """Return hooks that add the decoded change of the latents: the reconstruction error stays in the stream."""
        changes = torch.empty(0)

        def read(h: Tensor) -> None:
            nonlocal changes
            before = self._latents.activations(h.reshape(*shape, -1))
            changes = replaced(before) - before

        def write(decoder: Tensor, value: Tensor) -> Tensor:
            return value + (changes @ decoder).reshape(value.shape).to(value)

        W_dec = self._latents.W_dec
        decoders = W_dec.unbind(1) if W_dec.ndim == 3 else [W_dec]
        places = [place.point for place in self._written] or [self._place.point]
        writes = [(point, partial(write, decoder)) for point, decoder in zip(places, decoders, strict=True)]
        return [(self._place.point, read), *writes]

    @property
    def changes_can_be_written(self) -> bool:
        """Return whether changed latents can be written by their decoder rows: not where the input is rescaled."""
        return bool(self._written) or (self._latents.config.rescaling == "none" and not self._place.is_normalised)

    def activations_on(
        self, layer: int, x: Float[np.ndarray, "n d_in"], neuron: Int[np.ndarray, " n"]
    ) -> Float[np.ndarray, " n"]:
        """Return one latent's activation for each x, given as an atlas stores it."""
        self._check_layers([layer], self.layers)
        inputs, latents = (torch.from_numpy(each).to(self.device) for each in (x, neuron))
        activations = self._latents.some_of_x(inputs, latents)
        return activations.cpu().numpy()

    def _tap(self, layer: int) -> masking.Tap:
        narrow = taps.mlp_input(self._bridge, layer) if self._place.is_per_token else None
        return masking.Tap(self._place.point, narrow, self._latents.select)
