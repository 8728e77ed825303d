"""SaeSource: latents of a sparse autoencoder, at its hook in a transformer, as one neuron layer."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ne_core.method.layer import NeuronLayer
from precompute.models.autoencoder.centring import subtracts_mean
from precompute.models.autoencoder.config import SaeConfig, SaeError
from precompute.models.autoencoder.files import CFG, read_sae, sae_sha256
from precompute.models.autoencoder.hook_place import is_added_to, layer_and_part, place_of
from precompute.models.autoencoder.latents import Latents
from precompute.models.live_source import Replace
from precompute.models.source import LayerPass, TopLogits, UnfitModelError
from precompute.models.transformer import masking, taps
from precompute.models.transformer.checkpoint import Checkpoint
from precompute.models.transformer.errors import first_line
from precompute.models.transformer.source import TransformerSource, named_checkpoint
from precompute.models.transformer.unembedding import direct_path, reaches_stream, top_logits, writes_directly


def open_sae(folder: str, model: str, *, device: str = "cpu", dtype: torch.dtype = torch.float32) -> "SaeSource":
    """Open an autoencoder folder and the model (a hub name or a folder) that it reads.

    Raises SaeError and UnfitModelError. The autoencoder is computed in float32, whatever the model's dtype.
    """
    config, weights = read_sae(Path(folder))
    name, checkpoint = named_checkpoint(model, device, dtype)
    try:
        return SaeSource(name, checkpoint, config, weights)
    except UnfitModelError as error:
        raise UnfitModelError(f"{model}: {first_line(error)}") from error
    except SaeError as error:
        raise SaeError(f"{folder}: {error}") from None


NOT_SPLIT = "latents of an autoencoder are not split into contributions"


class SaeSource(TransformerSource):
    """A transformer read through an autoencoder; open it with `open_sae`. Its only layer is the hook's."""

    units = "latents"

    def __init__(self, name: str, checkpoint: Checkpoint, config: SaeConfig, weights: dict[str, Tensor]):
        layer, _ = layer_and_part(config.hook)
        blocks = getattr(checkpoint.bridge, "blocks", None)
        if blocks is not None and layer >= len(blocks):
            raise SaeError(f"this model has no {config.hook}: its layers are 0 to {len(blocks) - 1}")
        super().__init__(name, checkpoint, "raw", "gate", [layer])
        self._place = place_of(self._bridge, config.hook, self._probe, config.d_in)
        centred = subtracts_mean(self._bridge, self._place, config.model_centred, self._probe, self._tolerance)
        self._latents = Latents.of(config, centred, weights, self.device)

    def facts(self, folder: Path, model_sha256: str) -> dict:
        """Return the manifest's entry about the autoencoder in `folder`.

        Raises SaeError if it was trained on weights other than the model's.
        """
        config = self._latents.config
        if config.model_sha256 not in (None, model_sha256):
            raise SaeError(f"{folder}: trained on other weights than those of {self.name} (model_sha256 in {CFG})")
        return {
            "name": folder.name,
            "architecture": config.architecture,
            "k": config.k,
            "hook": config.hook,
            "centred": self._latents.centred,
            "rescaling": config.rescaling,
            "sha256": sae_sha256(folder),
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
        """Return top logits per unit of a latent's activation, through its decoder row (and W_out at neurons)."""
        self._check_layers([layer], self.layers)
        if not self._has_head or not self._reaches_logits():
            return None
        W_dec, n_vocab = self._latents.W_dec, 1 + max(self.tokenizer.get_vocab().values())
        if self._place.is_neurons:
            W_dec = W_dec @ self._bridge.blocks[self._place.layer].mlp.W_out.detach().float()
        U = direct_path(self._bridge, self._probe, n_vocab, self._tolerance)
        return None if U is None else top_logits(W_dec, U, k)

    def parts(self) -> str:
        return NOT_SPLIT

    def _reaches_logits(self) -> bool:
        """Return whether the decoder's output reaches the residual stream unchanged: not rescaled, not normalised."""
        if self._latents.config.rescaling != "none":
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

    def _replace_hook(self, layer: int, shape: torch.Size, replaced: Replace) -> taps.Hook:
        """Return the hook that adds the decoded change of the latents: the reconstruction error stays in the stream."""

        def change(h: Tensor) -> Tensor:
            before = self._latents.activations(h.reshape(*shape, -1))
            written = (replaced(before) - before) @ self._latents.W_dec
            return h + written.reshape(h.shape).to(h)

        return self._place.point, change

    @property
    def changes_can_be_written(self) -> bool:
        """Return whether changed latents can be written back by their decoder rows: not if the input is rescaled."""
        return self._latents.config.rescaling == "none"

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
