"""Models that cannot be read: each refused in one line that says why."""

from tests.families.case import Case
from tests.families.decoders import FALCON_SIZES, GEMMA3, GQA, OPT_SIZES
from tests.families.encoders import ENCODER, encoder_tokenizer
from tests.families.models import SIZES, made, writer

SEQUENCE = {"vocab_size": 320, "d_model": 32, "num_layers": 2, "num_heads": 4, "d_ff": 40, "d_kv": 8}


def refused(name: str, kind: str, refusal: str, tokenizer=None, **settings) -> Case:
    return Case(name, writer(lambda: made(kind, **settings), tokenizer), refusal=refusal)


def masked(name: str, kind: str, refusal: str, **settings) -> Case:
    config = kind.replace("ForMaskedLM", "Config")
    return refused(name, kind, refusal, encoder_tokenizer, config=config, **{**ENCODER, **settings})


# What transformer_lens itself stumbles over.
STUMBLES = "transformer_lens cannot read a OPTForCausalLM"
UNKNOWN = "is not an architecture that transformer_lens"

CASES = [
    refused("mixtral", "MixtralForCausalLM", "no dense MLP", num_local_experts=2, **GQA),
    refused("olmoe", "OlmoeForCausalLM", "no dense MLP", num_experts=2, num_experts_per_tok=1, **GQA),
    refused(
        "mamba", "MambaForCausalLM", "no dense MLP", vocab_size=320, hidden_size=32, num_hidden_layers=2, state_size=4
    ),
    # Every layer is given an embedding of the token, besides the first.
    refused("gemma4", "Gemma4ForCausalLM", "--importance-passes 0 leaves it out", config="Gemma4TextConfig", **GEMMA3),
    refused("t5", "T5ForConditionalGeneration", "not one stack", config="T5Config", **SEQUENCE),
    refused(
        "falcon-new",
        "FalconForCausalLM",
        "transformer_lens cannot read a FalconForCausalLM",
        new_decoder_architecture=True,
        num_kv_heads=2,
        **FALCON_SIZES,
    ),
    refused(
        "modernbert-decoder",
        "ModernBertDecoderForCausalLM",
        "no activation function of x · W_in + b_in",
        **{**SIZES, "pad_token_id": 0, "cls_token_id": 0, "sep_token_id": 0},
    ),
    refused("opt-post-norm", "OPTForCausalLM", STUMBLES, do_layer_norm_before=False, **OPT_SIZES),
    masked("xlm-roberta", "XLMRobertaForMaskedLM", UNKNOWN),
    masked("electra", "ElectraForMaskedLM", UNKNOWN, embedding_size=32),
    masked("albert", "AlbertForMaskedLM", UNKNOWN, embedding_size=16),
    masked("distilbert", "DistilBertForMaskedLM", UNKNOWN, dim=32, n_layers=2, n_heads=4, hidden_dim=40),
    masked("modernbert", "ModernBertForMaskedLM", UNKNOWN, cls_token_id=0, sep_token_id=1),
    refused("helium", "HeliumForCausalLM", UNKNOWN, **{**GQA, "head_dim": 8}),
]
