"""Tiny random checkpoints of real architectures, with a tiny real tokenizer, as ordinary Hugging Face folders."""

from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedModel, PreTrainedTokenizerFast

FAMILIES = ("gpt2", "neox", "llama", "bert", "opt", "gemma2", "qwen3")
N_CTX = 48
CORPUS = ["the same words come back", "a model reads text, then it says more text", "cats and dogs are animals"] * 4
VOCABULARY = 320
SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 24,
    "max_position_embeddings": N_CTX,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": None,
}


def tiny_tokenizer(**special: str) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer with few merges; `special` are its special tokens, else bos and eos."""
    special = special or {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=sorted(set(special.values())),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


def tiny_model(family: str, seed: int = 0) -> PreTrainedModel:
    """Return a random model of the family, in evaluation mode, with norms and biases moved from their initial
    values.
    """
    torch.manual_seed(seed)
    model = _BUILDERS[family]().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:  # gains and shifts of norms, and biases
                parameter.add_(0.3 * torch.randn_like(parameter))
            elif "embed" not in name and "wte" not in name:
                parameter.mul_(6)  # at the initial scale every activation is about zero
    return model


def tiny_checkpoint(family: str, folder: str | Path, seed: int = 0) -> Path:
    """Save config, safetensors and tokenizer of a tiny random model in the folder."""
    folder = Path(folder)
    tiny_model(family, seed).save_pretrained(folder)
    bert = {"cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]", "pad_token": "[PAD]"}
    tiny_tokenizer(**(bert if family == "bert" else {})).save_pretrained(folder)
    return folder


def _gpt2() -> PreTrainedModel:
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY, n_embd=16, n_layer=3, n_head=4, n_positions=N_CTX, bos_token_id=0, eos_token_id=0
    )
    return transformers.GPT2LMHeadModel(config)


def _opt() -> PreTrainedModel:
    config = transformers.OPTConfig(
        **{**SIZES, "intermediate_size": None}, ffn_dim=24, word_embed_proj_dim=16, dropout=0.0
    )
    return transformers.OPTForCausalLM(config)


def _llama() -> PreTrainedModel:
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**SIZES, num_key_value_heads=2))


def _qwen3() -> PreTrainedModel:
    return transformers.Qwen3ForCausalLM(transformers.Qwen3Config(**SIZES, num_key_value_heads=2, head_dim=4))


def _gemma2() -> PreTrainedModel:
    config = transformers.Gemma2Config(**SIZES, num_key_value_heads=2, head_dim=4, sliding_window=8)
    return transformers.Gemma2ForCausalLM(config)


_BUILDERS = {
    "gpt2": _gpt2,
    "neox": lambda: transformers.GPTNeoXForCausalLM(transformers.GPTNeoXConfig(**SIZES, use_parallel_residual=True)),
    "llama": _llama,
    "bert": lambda: transformers.BertForMaskedLM(transformers.BertConfig(**{**SIZES, "pad_token_id": 3})),
    "opt": _opt,
    "gemma2": _gemma2,
    "qwen3": _qwen3,
    "mixtral": lambda: transformers.MixtralForCausalLM(
        transformers.MixtralConfig(**SIZES, num_key_value_heads=2, num_local_experts=2)
    ),
    "mamba": lambda: transformers.MambaForCausalLM(
        transformers.MambaConfig(vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=2, state_size=4)
    ),
}
