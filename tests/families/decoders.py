"""Causal models, a family a case."""

from tests.families.case import Case
from tests.families.compare import Against
from tests.families.models import N_SIZES, SIZES, WINDOW, made, writer
from tests.families.plain import Names

GPT2 = Names(
    "transformer.h", "mlp.c_fc", "mlp.c_proj", "ln_2", "attn", "attn.c_proj", "transformer.ln_f", "transformer.wpe"
)
NEO = Names("transformer.h", "mlp.c_fc", "mlp.c_proj", "ln_2", "attn", "attn.attention.out_proj", "transformer.ln_f", "transformer.wpe")  # fmt: skip
NEOX = Names(
    "gpt_neox.layers",
    "mlp.dense_h_to_4h",
    "mlp.dense_4h_to_h",
    "post_attention_layernorm",
    "attention",
    "attention.dense",
    "gpt_neox.final_layer_norm",
)
LLAMA = Names(
    "model.layers",
    "mlp.gate_proj",
    "mlp.down_proj",
    "post_attention_layernorm",
    "self_attn",
    "self_attn.o_proj",
    "model.norm",
)
GQA = {**SIZES, "num_key_value_heads": 2}


def family(name: str, kind: str, names: Names, lacks: tuple[str, ...] = (), **settings) -> Case:
    """A family as its configuration makes it with these settings."""
    return Case(name, writer(lambda: made(kind, **settings)), Against(kind, names, lacks=lacks))


CASES = [
    family("gpt2", "GPT2LMHeadModel", GPT2, **N_SIZES, config="GPT2Config"),
    family("neox", "GPTNeoXForCausalLM", NEOX, **SIZES),
    family("llama", "LlamaForCausalLM", LLAMA, **GQA),
    family("mistral", "MistralForCausalLM", LLAMA, **GQA, sliding_window=WINDOW),
]
