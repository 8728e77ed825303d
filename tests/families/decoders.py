"""Causal models, one family a case."""

from dataclasses import replace

from tests.families.case import Case
from tests.families.compare import CompareWith
from tests.families.models import N_SIZES, SIZES, WINDOW, random_model, writer
from tests.families.plain import Names

GPT2 = Names(
    blocks="transformer.h",
    up="mlp.c_fc",
    down="mlp.c_proj",
    norm="ln_2",
    attention="attn",
    out="attn.c_proj",
    final="transformer.ln_f",
    position="transformer.wpe",
)
NEO = replace(GPT2, out="attn.attention.out_proj")
GPT1 = replace(GPT2, norm=None, position=None)  # norms after attention and MLP
GPTJ = replace(GPT2, up="mlp.fc_in", down="mlp.fc_out", norm="ln_1", out="attn.out_proj", position=None)
NEOX = Names(
    blocks="gpt_neox.layers",
    up="mlp.dense_h_to_4h",
    down="mlp.dense_4h_to_h",
    norm="post_attention_layernorm",
    attention="attention",
    out="attention.dense",
    final="gpt_neox.final_layer_norm",
)
BLOOM = replace(
    NEOX, blocks="transformer.h", attention="self_attention", out="self_attention.dense", final="transformer.ln_f"
)
FALCON = replace(BLOOM, norm="input_layernorm")
MPT = Names(
    "transformer.blocks", "ffn.up_proj", "ffn.down_proj", "norm_2", "attn", "attn.out_proj", "transformer.norm_f"
)
OPT = Names(
    blocks="model.decoder.layers",
    up="fc1",
    down="fc2",
    norm="final_layer_norm",
    attention="self_attn",
    out="self_attn.out_proj",
    final="model.decoder.final_layer_norm",
    position="model.decoder.embed_positions",
)
XGLM = Names("model.layers", "fc1", "fc2", "final_layer_norm", "self_attn", "self_attn.out_proj", "model.layer_norm")
LLAMA = Names(
    blocks="model.layers",
    up="mlp.gate_proj",
    down="mlp.down_proj",
    norm="post_attention_layernorm",
    attention="self_attn",
    out="self_attn.o_proj",
    final="model.norm",
)
PHI = Names(
    "model.layers", "mlp.fc1", "mlp.fc2", "input_layernorm", "self_attn", "self_attn.dense", "model.final_layernorm"
)
FUSED = replace(LLAMA, up="mlp.gate_up_proj")  # gate and up in one matrix, the gate first
PLAIN_MLP = replace(LLAMA, up="mlp.up_proj")
STARCODER2 = replace(LLAMA, up="mlp.c_fc", down="mlp.c_proj")
GEMMA = replace(LLAMA, one_more=True)
SANDWICH = replace(LLAMA, norm="pre_feedforward_layernorm", one_more=True)  # a norm before the MLP, and one after it
NO_NORM = replace(LLAMA, norm=None)
PARALLEL = replace(LLAMA, norm="input_layernorm")

GQA = {**SIZES, "num_key_value_heads": 2}
HEADS = {**GQA, "head_dim": 8}
BOTH = ("contributions", "logits")


def family(name: str, kind: str, names: Names, lacks: tuple[str, ...] = (), **settings) -> Case:
    """Return the case of a model configured with these settings."""
    return Case(name, writer(lambda: random_model(kind, **settings)), CompareWith(kind, names, lacks=lacks))


NEO_SIZES = {
    "vocab_size": SIZES["vocab_size"],
    "hidden_size": 32,
    "num_layers": 2,
    "num_heads": 4,
    "intermediate_size": 40,
    "max_position_embeddings": 48,
    "attention_types": [[["global", "local"], 1]],
    "window_size": WINDOW,
    "bos_token_id": 0,
    "eos_token_id": 0,
}
FALCON_SIZES = {
    **{name: value for name, value in SIZES.items() if name != "intermediate_size"},
    "ffn_hidden_size": 40,
}
MPT_SIZES = {"d_model": 32, "n_heads": 4, "n_layers": 2, "expansion_ratio": 2, "max_seq_len": 48, "vocab_size": 320}
OPT_SIZES = {**SIZES, "ffn_dim": 40, "word_embed_proj_dim": 32, "dropout": 0.0}
BLOOM_SIZES = {"vocab_size": 320, "hidden_size": 32, "n_layer": 2, "n_head": 4, "bos_token_id": 0, "eos_token_id": 0}
J_SIZES = {**N_SIZES, "rotary_dim": 4}
GEMMA3 = {**HEADS, "sliding_window": WINDOW, "layer_types": ["sliding_attention", "full_attention"]}
XGLM_SIZES = {
    "vocab_size": 320, "d_model": 32, "num_layers": 2, "attention_heads": 4, "ffn_dim": 40,
    "max_position_embeddings": 48, "bos_token_id": 0, "eos_token_id": 0,
}  # fmt: skip
ROPE = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 12, "rope_theta": 10000.0}
LONG = {
    "rope_type": "longrope", "short_factor": [1.0] * 4, "long_factor": [4.0] * 4,
    "original_max_position_embeddings": 12, "rope_theta": 10000.0, "partial_rotary_factor": 1.0,
}  # fmt: skip

CASES = [
    family(
        "gpt1",
        "OpenAIGPTLMHeadModel",
        replace(GPT2, norm=None, position=None),
        BOTH,
        config="OpenAIGPTConfig",
        **N_SIZES,
    ),
    family("gpt2", "GPT2LMHeadModel", GPT2, config="GPT2Config", **N_SIZES),
    family(
        "gpt2-by-layer", "GPT2LMHeadModel", GPT2, config="GPT2Config", scale_attn_by_inverse_layer_idx=True, **N_SIZES
    ),
    family("gpt-bigcode", "GPTBigCodeForCausalLM", GPT2, multi_query=True, **N_SIZES),
    family("gpt-neo", "GPTNeoForCausalLM", NEO, **NEO_SIZES),
    family("neox", "GPTNeoXForCausalLM", NEOX, use_parallel_residual=False, **SIZES),
    family("pythia", "GPTNeoXForCausalLM", NEOX, use_parallel_residual=True, **SIZES),
    family("gptj", "GPTJForCausalLM", GPTJ, **J_SIZES),
    family("codegen", "CodeGenForCausalLM", GPTJ, **J_SIZES),
    family("opt", "OPTForCausalLM", OPT, **OPT_SIZES),
    family("opt-projected", "OPTForCausalLM", OPT, BOTH, **{**OPT_SIZES, "word_embed_proj_dim": 16}),
    family("bloom", "BloomForCausalLM", BLOOM, ("contributions",), **BLOOM_SIZES),
    family("falcon", "FalconForCausalLM", FALCON, **FALCON_SIZES),
    family("falcon-alibi", "FalconForCausalLM", FALCON, alibi=True, **FALCON_SIZES),
    family("mpt", "MptForCausalLM", MPT, ("contributions",), **MPT_SIZES),
    family("phi", "PhiForCausalLM", PHI, **SIZES),
    family("phi3", "Phi3ForCausalLM", FUSED, **{**GQA, "pad_token_id": 0}),
    family("phi3-window", "Phi3ForCausalLM", FUSED, **{**GQA, "pad_token_id": 0}, sliding_window=WINDOW),
    family(
        "phi3-longrope",
        "Phi3ForCausalLM",
        FUSED,
        **{**GQA, "pad_token_id": 0},
        rope_parameters=LONG,
        original_max_position_embeddings=12,
    ),
    family("stablelm", "StableLmForCausalLM", LLAMA, **GQA),
    family("stablelm-parallel", "StableLmForCausalLM", PARALLEL, use_parallel_residual=True, **GQA),
    family("llama", "LlamaForCausalLM", LLAMA, **GQA),
    family("llama-biased", "LlamaForCausalLM", LLAMA, attention_bias=True, mlp_bias=True, **GQA),
    family("llama-yarn", "LlamaForCausalLM", LLAMA, rope_parameters=ROPE, **GQA),
    family("mistral", "MistralForCausalLM", LLAMA, sliding_window=None, **GQA),
    family("mistral-window", "MistralForCausalLM", LLAMA, sliding_window=WINDOW, **GQA),
    family("ministral3", "Ministral3ForCausalLM", LLAMA, sliding_window=None, **HEADS),
    family("qwen2", "Qwen2ForCausalLM", LLAMA, **GQA),
    family(
        "qwen2-window",
        "Qwen2ForCausalLM",
        LLAMA,
        use_sliding_window=True,
        sliding_window=WINDOW,
        max_window_layers=1,
        **GQA,
    ),
    family("qwen3", "Qwen3ForCausalLM", LLAMA, **HEADS),
    family("gemma1", "GemmaForCausalLM", GEMMA, **HEADS),
    family("gemma2", "Gemma2ForCausalLM", SANDWICH, BOTH, **HEADS, sliding_window=WINDOW),
    family("gemma3", "Gemma3ForCausalLM", SANDWICH, BOTH, config="Gemma3TextConfig", **GEMMA3),
    family(
        "vaultgemma", "VaultGemmaForCausalLM", replace(GEMMA, norm="pre_feedforward_layernorm"), ("logits",), **GEMMA3
    ),
    family(
        "granite",
        "GraniteForCausalLM",
        LLAMA,
        BOTH,
        embedding_multiplier=12.0,
        residual_multiplier=0.22,
        logits_scaling=8.0,
        attention_multiplier=0.2,
        **GQA,
    ),
    family("granite-embedding", "GraniteForCausalLM", replace(LLAMA, embedded=12.0), embedding_multiplier=12.0, **GQA),
    family("cohere", "CohereForCausalLM", PARALLEL, ("logits",), **{**GQA, "pad_token_id": 0}, logit_scale=0.25),
    family(
        "cohere2",
        "Cohere2ForCausalLM",
        PARALLEL,
        ("logits",),
        **{**HEADS, "pad_token_id": 0},
        logit_scale=0.25,
        sliding_window=WINDOW,
        layer_types=["sliding_attention", "full_attention"],
    ),
    family("olmo", "OlmoForCausalLM", LLAMA, **GQA),
    family("olmo-clipped", "OlmoForCausalLM", LLAMA, ("contributions",), clip_qkv=0.5, **GQA),
    family("olmo2", "Olmo2ForCausalLM", NO_NORM, BOTH, **GQA),
    family(
        "olmo3",
        "Olmo3ForCausalLM",
        NO_NORM,
        BOTH,
        sliding_window=WINDOW,
        layer_types=["sliding_attention", "full_attention"],
        **GQA,
    ),
    family("starcoder2", "Starcoder2ForCausalLM", STARCODER2, sliding_window=None, **GQA),
    family("starcoder2-window", "Starcoder2ForCausalLM", STARCODER2, sliding_window=WINDOW, **GQA),
    family("smollm3", "SmolLM3ForCausalLM", LLAMA, **{**GQA, "pad_token_id": 0}, no_rope_layers=[1, 0]),
    family("glm", "GlmForCausalLM", FUSED, **{**HEADS, "pad_token_id": 0}),
    family("glm4", "Glm4ForCausalLM", FUSED, BOTH, **{**HEADS, "pad_token_id": 0}),
    family("nemotron", "NemotronForCausalLM", replace(PLAIN_MLP, one_more=True), **GQA),
    family("xglm", "XGLMForCausalLM", XGLM, ("contributions",), **XGLM_SIZES),
    family(
        "exaone4",
        "Exaone4ForCausalLM",
        NO_NORM,
        BOTH,
        sliding_window=WINDOW,
        layer_types=["sliding_attention", "full_attention"],
        **HEADS,
    ),
    family("arcee", "ArceeForCausalLM", PLAIN_MLP, **HEADS),
    family("apertus", "ApertusForCausalLM", replace(PLAIN_MLP, norm="feedforward_layernorm"), **GQA),
    family("seed-oss", "SeedOssForCausalLM", LLAMA, **HEADS),
    family("ernie4-5", "Ernie4_5ForCausalLM", LLAMA, **HEADS),
    family("hunyuan", "HunYuanDenseV1ForCausalLM", LLAMA, **HEADS),
    family("bitnet", "BitNetForCausalLM", LLAMA, ("contributions",), **GQA),
]
