"""Replacements for a masked token, by name: the tokens whose mean embedding is used."""

import torch
from jaxtyping import Int
from torch import Tensor
from transformers import PreTrainedTokenizerBase


def default_baseline(tokenizer: PreTrainedTokenizerBase, n_embeddings: int) -> str:
    """Return `mask-token` if the model embeds one, else `mean-embedding`."""
    mask = tokenizer.mask_token_id
    return "mean-embedding" if mask is None or mask >= n_embeddings else "mask-token"


def baseline_ids(tokenizer: PreTrainedTokenizerBase, n_embeddings: int, name: str) -> Int[Tensor, " n"]:
    """Return the token ids of a baseline. Raises ValueError for an unknown name or a token without an embedding."""
    if name == "mean-embedding":
        return torch.arange(min(len(tokenizer), n_embeddings))
    if name == "mask-token":
        ids = [] if tokenizer.mask_token_id is None else [tokenizer.mask_token_id]
        if not ids:
            raise ValueError("mask-token: this tokenizer has no mask token; use mean-embedding or token:TEXT")
    elif name.startswith("token:"):
        text = name.removeprefix("token:")
        ids = tokenizer.encode(text, add_special_tokens=False)
        if len(ids) != 1:
            raise ValueError(f"{name}: {text!r} is {len(ids)} tokens to this tokenizer; a baseline is exactly one")
    else:
        raise ValueError(f"no baseline {name!r}; use mask-token, mean-embedding or token:TEXT")
    if ids[0] >= n_embeddings:
        raise ValueError(f"{name}: token {ids[0]}, but this model embeds 0 to {n_embeddings - 1}; use another")
    return torch.tensor(ids)
