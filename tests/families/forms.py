"""Forms that a model of a known family may come in: precision, files, vocabularies, tokenizers, nested settings."""

import json
from dataclasses import replace
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AddedToken, PreTrainedModel, PreTrainedTokenizerFast

from tests.families.case import Case
from tests.families.compare import Against
from tests.families.decoders import BOTH, GEMMA3, GPT2, GQA, LLAMA, OPT, OPT_SIZES, SANDWICH
from tests.families.encoders import DOWN, UP, encoder_tokenizer
from tests.families.models import N_SIZES, SIZES, WINDOW, corpus, made, saved, writer
from tests.families.plain import Names
from tests.support.tiny_models import VOCABULARY, tiny_tokenizer

TEXT = "Gemma3ForConditionalGeneration"
NESTED = replace(SANDWICH, blocks="model.language_model.layers", final="model.language_model.norm")


def llama(**settings) -> PreTrainedModel:
    return made("LlamaForCausalLM", **{**GQA, **settings})


def gpt2(**settings) -> PreTrainedModel:
    return made("GPT2LMHeadModel", config="GPT2Config", **{**N_SIZES, **settings})


def multimodal_gemma() -> PreTrainedModel:
    """Its settings of the text model are nested, the attention window among them."""
    torch.manual_seed(0)
    vision = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16,
              "image_size": 28, "patch_size": 14}  # fmt: skip
    config = transformers.Gemma3Config(text_config=GEMMA3, vision_config=vision, mm_tokens_per_image=1)
    model = transformers.Gemma3ForConditionalGeneration(config).eval()
    from tests.families.models import loud

    loud(model.model.language_model)
    return model


def with_special(id_of: str) -> PreTrainedTokenizerFast:
    """One more special token than the model embeds: padding that was never resized for, or an image's place."""
    tokenizer = padded(tiny_tokenizer())
    tokenizer.add_special_tokens({"additional_special_tokens": [id_of]} if id_of != "pad" else {"pad_token": "[PAD]"})
    return tokenizer


def padded(tokenizer: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    """As many tokens as the models embed."""
    missing = VOCABULARY - len(tokenizer)
    tokenizer.add_tokens([AddedToken(f"<unused {n}>", special=True) for n in range(missing)])
    return tokenizer


def words(alphabet: str, **special: str) -> PreTrainedTokenizerFast:
    """A tokenizer of single characters, which knows no others."""
    special = special or {"unk_token": "<unk>", "eos_token": "<eos>"}
    ids = {token: id for id, token in enumerate([*special.values(), *alphabet])}
    backend = Tokenizer(models.WordLevel(ids, unk_token=special["unk_token"]))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split("", "isolated")]
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, **special)


def written(alphabet: str):
    """`make` with a corpus of an alphabet of its own."""

    def make(folder: Path) -> list[str]:
        path = saved(llama(), folder, words(alphabet))
        return ["--model", str(path), "--corpus", str(corpus(folder, alphabet))]

    return make


def body_alone(folder: Path) -> list[str]:
    """The weights of a body without its head, as a base model is saved."""
    path = saved(gpt2(tie_word_embeddings=False).transformer, folder)
    settings = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps({**settings, "architectures": ["GPT2LMHeadModel"]}))
    return ["--model", str(path), "--corpus", str(corpus(folder))]


def cast(model: PreTrainedModel, dtype: torch.dtype) -> PreTrainedModel:
    return model.to(dtype)


OF_LLAMA, OF_GPT2 = Against("LlamaForCausalLM", LLAMA), Against("GPT2LMHeadModel", GPT2)
BF16, F16 = torch.bfloat16, torch.float16

CASES = [
    Case("bfloat16", writer(llama, options=("--dtype", "bfloat16")), replace(OF_LLAMA, dtype=BF16)),
    Case("float16", writer(gpt2, options=("--dtype", "float16")), replace(OF_GPT2, dtype=F16)),
    Case(
        "bfloat16-window",
        writer(lambda: made("MistralForCausalLM", sliding_window=WINDOW, **GQA), options=("--dtype", "bfloat16")),
        Against("MistralForCausalLM", LLAMA, dtype=BF16),
    ),
    Case("saved-in-bfloat16", writer(lambda: cast(llama(), BF16)), OF_LLAMA),
    Case("sharded", writer(llama, max_shard_size="40KB"), OF_LLAMA),
    Case("tied", writer(lambda: llama(tie_word_embeddings=True)), OF_LLAMA),
    Case("untied", writer(lambda: gpt2(tie_word_embeddings=False)), OF_GPT2),
    Case("raw", writer(llama, options=("--weights", "raw")), OF_LLAMA),
    Case("padded-vocabulary", writer(lambda: llama(vocab_size=VOCABULARY + 64)), OF_LLAMA),
    Case("body-alone", body_alone, replace(OF_GPT2, lacks=("logits",))),
    Case("special-beyond", writer(llama, lambda: with_special("<image>")), OF_LLAMA),
    Case("padding-beyond", writer(llama, lambda: with_special("pad"), options=("--packing", "one")), OF_LLAMA),
    Case("digits", written("0123456789"), OF_LLAMA),
    Case("proteins", written("ACDEFGHIKLMNPQRSTVWY"), OF_LLAMA),
    Case("russian", written("абвгдежзийклмнопрстуфхцчшщъыьэюя"), OF_LLAMA),
    Case(
        "another-alphabet", writer(llama, lambda: words("0123456789")), refusal="use the one the model was trained with"
    ),
    Case("gemma3-multimodal", writer(multimodal_gemma), Against(TEXT, NESTED, lacks=BOTH)),
    Case(
        "mean-embedding-encoder",
        writer(
            lambda: made("BertForMaskedLM", config="BertConfig", **{**SIZES, "pad_token_id": 3}),
            encoder_tokenizer,
            options=("--mask", "mean-embedding"),
        ),
        Against("BertForMaskedLM", Names("bert.encoder.layer", UP, DOWN), lacks=BOTH),
    ),
    Case(
        "padded-prompts",
        writer(lambda: made("OPTForCausalLM", **OPT_SIZES), options=("--packing", "one")),
        Against("OPTForCausalLM", OPT),
    ),
]
