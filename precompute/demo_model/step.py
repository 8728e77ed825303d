"""One training step of the demo model."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64, Integer
from torch.nn import functional as F
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel

from precompute.demo_model import data
from precompute.demo_model.settings import Settings


@dataclass
class Run:
    """State of a training run before its next step."""

    settings: Settings
    model: GPT2LMHeadModel
    optimizer: torch.optim.AdamW
    step: int = 0


def new_run(settings: Settings, end: int) -> Run:
    torch.manual_seed(settings.seed)
    config = GPT2Config(
        vocab_size=settings.vocab_size,
        n_layer=settings.n_layer,
        n_embd=settings.n_embd,
        n_head=settings.n_head,
        n_positions=settings.n_ctx,
        activation_function="gelu_new",
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=end,
        eos_token_id=end,
        use_cache=False,
        attn_implementation="eager",  # on a CPU 1.2 times as fast as the fused attention at this size
    )
    model = GPT2LMHeadModel(config).train()
    for block in model.transformer.h:
        # the same function as gelu_new, in one kernel instead of eight
        block.mlp.act = torch.nn.GELU(approximate="tanh")
    return Run(settings, model, _optimizer(model, settings))


def _optimizer(model: GPT2LMHeadModel, settings: Settings) -> torch.optim.AdamW:
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": matrices, "weight_decay": settings.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings.lr, betas=(0.9, 0.95), fused=True)


def batch_of_step(
    stream: Integer[np.ndarray, " n_tokens"], settings: Settings, step: int, end: int, mask: int
) -> tuple[Int64[torch.Tensor, "batch n_ctx"], Int64[torch.Tensor, "batch n_ctx"]]:
    """Inputs, some of them masked, and the true next tokens: a function of the seed and the step alone."""
    starts = data.starts_of_step(len(stream), settings.n_ctx, settings.batch, step, settings.seed)
    inputs = data.windows_with_end(stream, starts, settings.n_ctx, end)
    inputs[data.masked_positions(inputs.shape, settings.masked_rows, settings.masked_tokens, step, settings.seed)] = (
        mask
    )
    return torch.from_numpy(inputs), torch.from_numpy(data.windows(stream, starts, settings.n_ctx))


def fastest_dtype() -> str:
    """Type of the matrix products: bfloat16 is four times as fast on a recent CPU, and 30 times as slow on others."""
    return "bfloat16" if torch.ops.mkldnn._is_mkldnn_bf16_supported() else "float32"


def losses(
    model: PreTrainedModel,
    inputs: Int64[torch.Tensor, "batch n_ctx"],
    targets: Int64[torch.Tensor, "batch n_ctx"],
    dtype: str = "float32",
) -> Float[torch.Tensor, "batch n_ctx"]:
    """Nats per token, with matrix products in `dtype` and softmax in float32."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "bfloat16"):
        logits = model(inputs).logits
    return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none").view(targets.shape)


def take_step(
    run: Run, inputs: Int64[torch.Tensor, "batch n_ctx"], targets: Int64[torch.Tensor, "batch n_ctx"]
) -> float:
    """Take one optimizer step and return the batch's mean loss."""
    total = 0.0
    for group in run.optimizer.param_groups:
        group["lr"] = run.settings.learning_rate(run.step)
    for micro in torch.arange(len(inputs)).split(run.settings.micro_batch):
        loss = losses(run.model, inputs[micro], targets[micro], run.settings.dtype).sum() / targets.numel()
        loss.backward()
        total += loss.item()
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
    run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=False)
    run.step += 1
    return total


def token_losses(
    model: PreTrainedModel, stream: Integer[np.ndarray, " n_tokens"], n_ctx: int, end: int, dtype: str = "float32"
) -> Float[np.ndarray, " n_predicted"]:
    """Nats of every token of a stream that is cut into whole windows, each beginning with the end token."""
    starts = np.arange(0, len(stream) - n_ctx + 1, n_ctx)
    parts = []
    with torch.inference_mode():
        for batch_starts in np.array_split(starts, -(-len(starts) // 16)):
            inputs = torch.from_numpy(data.windows_with_end(stream, batch_starts, n_ctx, end))
            targets = torch.from_numpy(data.windows(stream, batch_starts, n_ctx))
            parts.append(losses(model, inputs, targets, dtype).flatten().numpy())
    return np.concatenate(parts)
