"""Variants of known families: precision, files, vocabularies, tokenizers, nested settings."""

import json
from dataclasses import replace
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AddedToken, PreTrainedModel, PreTrainedTokenizerFast

from tests.families.case import Case
from tests.families.compare import CompareWith
from tests.families.decoders import BOTH, GEMMA3, GPT2, GQA, LLAMA, OPT, OPT_SIZES, SANDWICH
from tests.families.encoders import DOWN, UP, encoder_tokenizer
from tests.families.models import N_SIZES, SIZES, WINDOW, amplify, corpus, random_model, save_model, writer
from tests.families.plain import Names
from tests.support.tiny_models import VOCABULARY, tiny_tokenizer

TEXT = "Gemma3ForConditionalGeneration"
NESTED = replace(SANDWICH, blocks="model.language_model.layers", final="model.language_model.norm")


def llama(**settings) -> PreTrainedModel:
    return random_model("LlamaForCausalLM", **{**GQA, **settings})


def gpt2(**settings) -> PreTrainedModel:
    return random_model("GPT2LMHeadModel", config="GPT2Config", **{**N_SIZES, **settings})


def multimodal_gemma() -> PreTrainedModel:
    """Return a model whose text settings are nested, including the attention window."""
    torch.manual_seed(0)
    vision = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16,
              "image_size": 28, "patch_size": 14}  # fmt: skip
    config = transformers.Gemma3Config(text_config=GEMMA3, vision_config=vision, mm_tokens_per_image=1)
    model = transformers.Gemma3ForConditionalGeneration(config).eval()
    amplify(model.model.language_model)
    return model


def with_special(id_of: str) -> PreTrainedTokenizerFast:
    """Return a tokenizer with one special token more than the model embeds: padding or an image placeholder."""
    tokenizer = pad_vocabulary(tiny_tokenizer())
    tokenizer.add_special_tokens({"additional_special_tokens": [id_of]} if id_of != "pad" else {"pad_token": "[PAD]"})
    return tokenizer


def pad_vocabulary(tokenizer: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    """Add tokens up to the vocabulary size of the models."""
    missing = VOCABULARY - len(tokenizer)
    tokenizer.add_tokens([AddedToken(f"<unused {n}>", special=True) for n in range(missing)])
    return tokenizer


def character_tokenizer(alphabet: str, **special: str) -> PreTrainedTokenizerFast:
    """Return a tokenizer of single characters that knows no others."""
    special = special or {"unk_token": "<unk>", "eos_token": "<eos>"}
    ids = {token: id for id, token in enumerate([*special.values(), *alphabet])}
    backend = Tokenizer(models.WordLevel(ids, unk_token=special["unk_token"]))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split("", "isolated")]
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, **special)


def alphabet_writer(alphabet: str):
    """Return a `make` function with a corpus in its own alphabet."""

    def make(folder: Path) -> list[str]:
        path = save_model(llama(), folder, character_tokenizer(alphabet))
        return ["--model", str(path), "--corpus", str(corpus(folder, alphabet))]

    return make


def body_alone(folder: Path) -> list[str]:
    """Save the weights of a body without its head, like a base model."""
    path = save_model(gpt2(tie_word_embeddings=False).transformer, folder)
    settings = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps({**settings, "architectures": ["GPT2LMHeadModel"]}))
    return ["--model", str(path), "--corpus", str(corpus(folder))]


def cast(model: PreTrainedModel, dtype: torch.dtype) -> PreTrainedModel:
    return model.to(dtype)


LLAMA_CHECK, GPT2_CHECK = CompareWith("LlamaForCausalLM", LLAMA), CompareWith("GPT2LMHeadModel", GPT2)
BF16, F16 = torch.bfloat16, torch.float16

CASES = [
    Case("bfloat16", writer(llama, options=("--dtype", "bfloat16")), replace(LLAMA_CHECK, dtype=BF16)),
    Case("float16", writer(gpt2, options=("--dtype", "float16")), replace(GPT2_CHECK, dtype=F16)),
    Case(
        "bfloat16-window",
        writer(
            lambda: random_model("MistralForCausalLM", sliding_window=WINDOW, **GQA), options=("--dtype", "bfloat16")
        ),
        CompareWith("MistralForCausalLM", LLAMA, dtype=BF16),
    ),
    Case("saved-in-bfloat16", writer(lambda: cast(llama(), BF16)), LLAMA_CHECK),
    Case("sharded", writer(llama, max_shard_size="40KB"), LLAMA_CHECK),
    Case("tied", writer(lambda: llama(tie_word_embeddings=True)), LLAMA_CHECK),
    Case("untied", writer(lambda: gpt2(tie_word_embeddings=False)), GPT2_CHECK),
    Case("raw", writer(llama, options=("--weights", "raw")), LLAMA_CHECK),
    Case("padded-vocabulary", writer(lambda: llama(vocab_size=VOCABULARY + 64)), LLAMA_CHECK),
    Case("body-alone", body_alone, replace(GPT2_CHECK, lacks=("logits",))),
    Case("special-beyond", writer(llama, lambda: with_special("<image>")), LLAMA_CHECK),
    Case("padding-beyond", writer(llama, lambda: with_special("pad"), options=("--packing", "one")), LLAMA_CHECK),
    Case("digits", alphabet_writer("0123456789"), LLAMA_CHECK),
    Case("proteins", alphabet_writer("ACDEFGHIKLMNPQRSTVWY"), LLAMA_CHECK),
    Case("russian", alphabet_writer("абвгдежзийклмнопрстуфхцчшщъыьэюя"), LLAMA_CHECK),
    Case(
        "another-alphabet",
        writer(llama, lambda: character_tokenizer("0123456789")),
        refusal="use the one the model was trained with",
    ),
    Case("gemma3-multimodal", writer(multimodal_gemma), CompareWith(TEXT, NESTED, lacks=BOTH)),
    Case(
        "mean-embedding-encoder",
        writer(
            lambda: random_model("BertForMaskedLM", config="BertConfig", **{**SIZES, "pad_token_id": 3}),
            encoder_tokenizer,
            options=("--mask", "mean-embedding"),
        ),
        CompareWith("BertForMaskedLM", Names("bert.encoder.layer", UP, DOWN), lacks=BOTH),
    ),
    Case(
        "padded-prompts",
        writer(lambda: random_model("OPTForCausalLM", **OPT_SIZES), options=("--packing", "one")),
        CompareWith("OPTForCausalLM", OPT),
    ),
]
