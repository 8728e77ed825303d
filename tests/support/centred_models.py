"""HookedTransformer's processing, written out on plain Hugging Face models, and what is then at hooks of block 1."""

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PreTrainedModel

# By family and hook: the module of the plain model, and whether its input or its output is meant.
HOOKS = {
    "gpt2": {
        "mlp.hook_post": ("transformer.h.1.mlp.c_proj", "in"),
        "hook_mlp_out": ("transformer.h.1.mlp", "out"),
        "hook_resid_pre": ("transformer.h.1", "in"),
        "hook_resid_mid": ("transformer.h.1.ln_2", "in"),
        "hook_resid_post": ("transformer.h.2", "in"),
    },
    "neox": {
        "mlp.hook_post": ("gpt_neox.layers.1.mlp.dense_4h_to_h", "in"),
        "hook_mlp_out": ("gpt_neox.layers.1.mlp", "out"),
        "hook_resid_pre": ("gpt_neox.layers.1", "in"),
        "hook_resid_post": ("gpt_neox.layers.2", "in"),
    },
    "opt": {
        "mlp.hook_post": ("model.decoder.layers.1.fc2", "in"),
        "hook_mlp_out": ("model.decoder.layers.1.fc2", "out"),
        "hook_resid_pre": ("model.decoder.layers.1", "in"),
        "hook_resid_post": ("model.decoder.layers.2", "in"),
    },
    "llama": {
        "mlp.hook_post": ("model.layers.1.mlp.down_proj", "in"),
        "hook_mlp_out": ("model.layers.1.mlp", "out"),
        "hook_resid_pre": ("model.layers.1", "in"),
        "hook_resid_mid": ("model.layers.1.post_attention_layernorm", "in"),
        "hook_resid_post": ("model.layers.2", "in"),
    },
}
# What writes into the residual stream; a model of RMSNorms is left as it is, and so has none here.
EMBEDDINGS = {"gpt2": ("wte", "wpe"), "neox": ("embed_in",), "opt": ("embed_tokens", "embed_positions"), "llama": ()}
WRITERS = {"gpt2": ("c_proj",), "neox": ("dense", "dense_4h_to_h"), "opt": ("out_proj", "fc2"), "llama": ()}


def centred_model(family: str, folder: Path) -> PreTrainedModel:
    """The checkpoint with `center_writing_weights`: of all that writes into the stream, its mean over the stream."""
    model = opened(folder)
    with torch.no_grad():
        for name, module in model.named_modules():
            last = name.split(".")[-1]
            if last in EMBEDDINGS[family]:
                module.weight -= module.weight.mean(-1, keepdim=True)
            if last in WRITERS[family]:
                # a Conv1D of GPT-2 is [in out], a Linear [out in]
                module.weight -= module.weight.mean(0 if isinstance(module, nn.Linear) else 1, keepdim=True)
                module.bias -= module.bias.mean()
    return model


def opened(folder: Path) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()


def at_hook(model: PreTrainedModel, family: str, part: str, tokens: Tensor) -> Tensor:
    """What is at `blocks.1.PART`, [batch pos d_in]."""
    name, side = HOOKS[family][part]
    module, seen = model.get_submodule(name), {}
    if side == "in":
        module.register_forward_pre_hook(lambda _, args: seen.update(h=args[0]))
    else:
        module.register_forward_hook(lambda _, args, out: seen.update(h=out))
    with torch.inference_mode():
        model(input_ids=tokens)
    return seen["h"].reshape(*tokens.shape, -1)
