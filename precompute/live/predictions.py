"""Predictions of the model: the probability of each token of a text, and the likeliest next tokens."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ne_core.live.requests import NEXT
from precompute.live.reader import Reader
from precompute.live.text import Text


def predictions(reader: Reader, text: Text, logits: Float[Tensor, "1 pos n_logits"] | None) -> dict[str, np.ndarray]:
    """Return the fields of TextRead on predictions; NaN and −1 without logits."""
    n = len(text)
    if logits is None:
        return {
            "log_probability": np.full(n, np.nan, dtype=np.float32),
            "next_tokens": np.full((n, NEXT), -1),
            "next_log_probability": np.full((n, NEXT), np.nan, dtype=np.float32),
        }
    total = logits[0].logsumexp(-1)
    top = logits[0, :, : reader.vocab].topk(min(NEXT, reader.vocab))
    return {
        "log_probability": log_probabilities(logits[0], text),
        "next_tokens": top.indices.cpu().numpy(),
        "next_log_probability": (top.values - total[:, None]).cpu().numpy(),
    }


def log_probabilities(logits: Float[Tensor, "pos n_logits"], text: Text) -> Float[np.ndarray, " pos"]:
    """Return the log-probability of each token given those before it; NaN for the first."""
    following = torch.from_numpy(text.tokens[1:].astype(np.int64)).to(logits.device)
    log_probability = logits[:-1].gather(1, following[:, None])[:, 0] - logits[:-1].logsumexp(-1)
    return np.append(np.float32(np.nan), log_probability.cpu().numpy())
