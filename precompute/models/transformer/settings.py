"""Properties from a model's configuration: layers, longest prompt, attention window."""

import math

from transformer_lens.model_bridge import TransformerBridge
from transformers import PretrainedConfig

from precompute.models.source import UnfitModelError

# Names of the attention window in configurations.
ATTENTION_WINDOWS = ("sliding_window", "window_size", "attention_window", "attention_chunk_size")


def n_layers(bridge: TransformerBridge) -> int:
    if not hasattr(bridge, "blocks") or getattr(bridge.original_model.config, "is_encoder_decoder", False):
        raise UnfitModelError("not a single stack of transformer blocks; use an encoder or a decoder")
    return len(bridge.blocks)


def n_ctx(bridge: TransformerBridge) -> int:
    """Return the longest prompt; RoBERTa's positions start after its padding id, which its configuration includes."""
    return bridge.cfg.n_ctx - offset(bridge.original_model.config)


def offset(config: PretrainedConfig) -> int:
    return config.pad_token_id + 1 if config.model_type in ("roberta", "xlm-roberta", "camembert") else 0


def attention_window(bridge: TransformerBridge) -> float:
    """Return the attention window of a bridged model, in tokens."""
    return window_of(bridge.original_model.config)


def window_of(config: PretrainedConfig) -> float:
    """Return the shortest attention window of any layer; a multimodal model's text settings are nested."""
    config = config.get_text_config()
    windows = [getattr(config, name, None) for name in ATTENTION_WINDOWS]
    return float(min((window for window in windows if isinstance(window, int)), default=math.inf))
