"""What a model's configuration says: its layers, its longest prompt, how far its attention sees."""

import math

from transformer_lens.model_bridge import TransformerBridge
from transformers import PretrainedConfig

from precompute.models.source import UnfitModelError

# How configurations name the distance beyond which attention forgets, in the architectures that have one.
ATTENTION_WINDOWS = ("sliding_window", "window_size", "attention_window", "attention_chunk_size")


def n_layers(bridge: TransformerBridge) -> int:
    if not hasattr(bridge, "blocks") or getattr(bridge.original_model.config, "is_encoder_decoder", False):
        raise UnfitModelError("not one stack of transformer blocks; an encoder or a decoder would work")
    return len(bridge.blocks)


def n_ctx(bridge: TransformerBridge) -> int:
    """The longest prompt; RoBERTa's positions start behind its padding id, which its configuration counts in."""
    return bridge.cfg.n_ctx - offset(bridge.original_model.config)


def offset(config: PretrainedConfig) -> int:
    return config.pad_token_id + 1 if config.model_type in ("roberta", "xlm-roberta", "camembert") else 0


def attention_window(bridge: TransformerBridge) -> float:
    """How far the attention of a bridged model sees."""
    return window_of(bridge.original_model.config)


def window_of(config: PretrainedConfig) -> float:
    """The shortest attention window of any layer; a multimodal model's text settings are nested."""
    config = config.get_text_config()
    windows = [getattr(config, name, None) for name in ATTENTION_WINDOWS]
    return float(min((window for window in windows if isinstance(window, int)), default=math.inf))
