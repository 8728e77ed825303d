"""HookedTransformer's processing on plain Hugging Face models, and the resulting values at hooks of block 1."""

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PreTrainedModel

# By family and hook: module of the plain model, and whether its input or its output is the hook's value.
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
# Modules that write into the residual stream; none for models with RMSNorms, which are not changed.
EMBEDDINGS = {"gpt2": ("wte", "wpe"), "neox": ("embed_in",), "opt": ("embed_tokens", "embed_positions"), "llama": ()}
WRITERS = {"gpt2": ("c_proj",), "neox": ("dense", "dense_4h_to_h"), "opt": ("out_proj", "fc2"), "llama": ()}


def centred_model(family: str, folder: Path) -> PreTrainedModel:
    """Return the checkpoint with `center_writing_weights`: the mean over the stream is subtracted from all writers."""
    model = load_model(folder)
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


def load_model(folder: Path) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()


def hook_value(model: PreTrainedModel, family: str, part: str, tokens: Tensor) -> Tensor:
    """Return the value at `blocks.1.PART`, [batch pos d_in]."""
    name, side = HOOKS[family][part]
    module, values = model.get_submodule(name), {}
    if side == "in":
        module.register_forward_pre_hook(lambda _, args: values.update(h=args[0]))
    else:
        module.register_forward_hook(lambda _, args, out: values.update(h=out))
    with torch.inference_mode():
        model(input_ids=tokens)
    return values["h"].reshape(*tokens.shape, -1)
