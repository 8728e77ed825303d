"""Models that cannot be read: each is refused in one line that gives the reason."""

from tests.families.case import Case
from tests.families.decoders import FALCON_SIZES, GEMMA3, GQA, OPT_SIZES
from tests.families.encoders import ENCODER, encoder_tokenizer
from tests.families.models import SIZES, random_model, writer

SEQUENCE = {"vocab_size": 320, "d_model": 32, "num_layers": 2, "num_heads": 4, "d_ff": 40, "d_kv": 8}


def refused_case(name: str, kind: str, refusal: str, tokenizer=None, **settings) -> Case:
    return Case(name, writer(lambda: random_model(kind, **settings), tokenizer), refusal=refusal)


def refused_encoder(name: str, kind: str, refusal: str, **settings) -> Case:
    config = kind.replace("ForMaskedLM", "Config")
    return refused_case(name, kind, refusal, encoder_tokenizer, config=config, **{**ENCODER, **settings})


# Errors within transformer_lens.
UNREADABLE = "transformer_lens cannot read a OPTForCausalLM"
UNKNOWN = "is not an architecture that transformer_lens"

CASES = [
    refused_case("mixtral", "MixtralForCausalLM", "no dense MLP", num_local_experts=2, **GQA),
    refused_case("olmoe", "OlmoeForCausalLM", "no dense MLP", num_experts=2, num_experts_per_tok=1, **GQA),
    refused_case(
        "mamba", "MambaForCausalLM", "no dense MLP", vocab_size=320, hidden_size=32, num_hidden_layers=2, state_size=4
    ),
    # Every layer, not only the first, receives an embedding of the token.
    refused_case(
        "gemma4", "Gemma4ForCausalLM", "--importance-passes 0 leaves it out", config="Gemma4TextConfig", **GEMMA3
    ),
    refused_case("t5", "T5ForConditionalGeneration", "not a single stack", config="T5Config", **SEQUENCE),
    refused_case(
        "falcon-new",
        "FalconForCausalLM",
        "transformer_lens cannot read a FalconForCausalLM",
        new_decoder_architecture=True,
        num_kv_heads=2,
        **FALCON_SIZES,
    ),
    refused_case(
        "modernbert-decoder",
        "ModernBertDecoderForCausalLM",
        "not an activation function of x · W_in + b_in",
        **{**SIZES, "pad_token_id": 0, "cls_token_id": 0, "sep_token_id": 0},
    ),
    refused_case("opt-post-norm", "OPTForCausalLM", UNREADABLE, do_layer_norm_before=False, **OPT_SIZES),
    refused_encoder("xlm-roberta", "XLMRobertaForMaskedLM", UNKNOWN),
    refused_encoder("electra", "ElectraForMaskedLM", UNKNOWN, embedding_size=32),
    refused_encoder("albert", "AlbertForMaskedLM", UNKNOWN, embedding_size=16),
    refused_encoder("distilbert", "DistilBertForMaskedLM", UNKNOWN, dim=32, n_layers=2, n_heads=4, hidden_dim=40),
    refused_encoder("modernbert", "ModernBertForMaskedLM", UNKNOWN, cls_token_id=0, sep_token_id=1),
    refused_case("helium", "HeliumForCausalLM", UNKNOWN, **{**GQA, "head_dim": 8}),
]
