"""Run a model with edited MLP inputs: activations, and the loss of the next token.

An edit changes one position of one prompt in one layer. A causal model leaves everything before it unchanged, so the
prompt's keys and values are computed once, and all edits of one position share a row of the batch: each attends to the
clean keys before it and to itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge
from transformers.cache_utils import Cache, DynamicLayer

from precompute.models.transformer import taps
from precompute.models.transformer.masking import TOKENS_PER_PASS, PrefixLayer, additive, clean_layers, in_parts
from precompute.models.transformer.packing import largest
from precompute.run.memory import Batches

MAX_INPUTS = 2**12
MAX_LOGITS = 2**26  # 256 MB in float32


@dataclass(frozen=True)
class Edits:
    """Replacements for x, as an atlas stores it, at `pos` of a prompt, and the neuron whose activation is read."""

    prompt: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]
    x: Float[np.ndarray, "n d_in"]

    def __len__(self) -> int:
        return len(self.pos)

    def select(self, rows: Int[np.ndarray, " k"]) -> "Edits":
        return Edits(self.prompt[rows], self.pos[rows], self.neuron[rows], self.x[rows])


@dataclass(frozen=True)
class EditResults:
    """Neuron activation of each edit, and the loss on the following token, NaN if there is none."""

    activation: Float[np.ndarray, " n"]
    loss: Float[np.ndarray, " n"]


@dataclass(frozen=True)
class EditRequest:
    """Edits of one layer on some prompts; `to_mlp_input` converts an atlas's x to the MLP's input."""

    bridge: TransformerBridge
    layer: int
    to_mlp_input: Callable[[Float[Tensor, "*rows d_in"]], Float[Tensor, "*rows d_in"]]
    tokens: Int[Tensor, "batch pos"]
    lengths: Int[Tensor, " batch"]
    edits: Edits
    prompts: Batches
    rows: Batches

    @property
    def tokens_per_pass(self) -> int:
        limit = TOKENS_PER_PASS.get(self.tokens.device.type, TOKENS_PER_PASS["cpu"])
        return max(1, min(limit, MAX_LOGITS // self.bridge.cfg.d_vocab))


@dataclass(frozen=True)
class Slots:
    """Edits grouped by (prompt, position), one group a row; shorter rows repeat one of their edits."""

    prompt: Int[np.ndarray, " rows"]
    pos: Int[np.ndarray, " rows"]
    edit: Int[np.ndarray, "rows slots"]


def activations_on(
    bridge: TransformerBridge,
    layer: int,
    x: Float[Tensor, "n d_in"],
    neuron: Int[Tensor, " n"],
) -> Float[Tensor, " n"]:
    """Return one neuron's activation of the layer's MLP for each of some arbitrary inputs.

    One token is run and the inputs are inserted at the MLP, so nothing before the MLP affects them.
    """
    values = torch.empty(len(x), device=x.device)

    def put(tensor: Tensor) -> Tensor:
        return x.to(tensor) if tensor.ndim == 2 else x.to(tensor)[None]

    def read(activations: Tensor) -> None:
        values[:] = activations.flatten(0, -2).gather(1, neuron[:, None])[:, 0].float()
        raise taps.Stop

    hooks = [(taps.mlp_input(bridge, layer), put), (taps.activations(bridge, layer), read)]
    taps.run(bridge, torch.zeros((1, 1), dtype=torch.long, device=x.device), hooks)
    return values


def recompute(request: EditRequest) -> EditResults:
    """Run every edit in a prompt of its own."""
    results = empty(len(request.edits))

    def run(part: slice) -> None:
        edits = request.edits.select(np.arange(part.start, part.stop))
        tokens, lengths = request.tokens[edits.prompt], request.lengths[edits.prompt]
        real = torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None]
        slots = torch.arange(len(edits)), torch.from_numpy(edits.pos)
        store(request, results, np.arange(part.start, part.stop), slots, tokens, attention_mask=real.long())

    in_parts(request.rows, len(request.edits), request.tokens_per_pass // request.tokens.shape[1], run)
    return results


def reuse(request: EditRequest) -> EditResults:
    """Run the edited positions alone, attending to the clean keys and values before them."""
    prompts, results = by_length(request.edits), empty(len(request.edits))

    def run(part: slice) -> None:
        reuse_of(request, np.sort(prompts[part]), results)

    in_parts(request.prompts, len(prompts), request.tokens_per_pass // request.tokens.shape[1], run)
    return results


def by_length(edits: Edits) -> Int[np.ndarray, " prompts"]:
    """Return the prompts sorted by their last edit, since prompts of a pass are computed up to the longest."""
    prompts, of_edit = np.unique(edits.prompt, return_inverse=True)
    return prompts[np.argsort(largest(of_edit, edits.pos, len(prompts)), kind="stable")]


def reuse_of(request: EditRequest, prompts: Int[np.ndarray, " prompts"], results: EditResults) -> None:
    """Run the edits of some prompts, whose clean keys and values are held together."""
    edits = np.flatnonzero(np.isin(request.edits.prompt, prompts))
    n_clean = max(1, int(request.edits.pos[edits].max()))
    clean = clean_layers(request.bridge, request.tokens[prompts, :n_clean], len(request.bridge.blocks) - 1)
    for slots in in_slots(request.edits, edits, request.tokens_per_pass):

        def run(part: slice, slots: Slots = slots) -> None:
            some = Slots(slots.prompt[part], slots.pos[part], slots.edit[part])
            row_pass(request, some, np.searchsorted(prompts, some.prompt), clean, results)

        in_parts(request.rows, len(slots.pos), len(slots.pos), run)


def row_pass(
    request: EditRequest, slots: Slots, row: Int[np.ndarray, " rows"], clean: list[DynamicLayer], results: EditResults
) -> None:
    device, (n_rows, n_slots) = request.tokens.device, slots.edit.shape
    n_clean = max(1, int(slots.pos.max()))
    before = np.broadcast_to(np.arange(n_clean) < slots.pos[:, None, None], (n_rows, n_slots, n_clean))
    itself = np.broadcast_to(np.eye(n_slots, dtype=bool), (n_rows, n_slots, n_slots))
    pos = torch.from_numpy(slots.pos).to(device)[:, None].expand(slots.edit.shape)
    rows = torch.from_numpy(row).to(device)
    store(
        request,
        results,
        slots.edit.reshape(-1),
        tuple(torch.from_numpy(each.reshape(-1)) for each in np.indices(slots.edit.shape)),
        request.tokens[slots.prompt[:, None], slots.pos[:, None]].expand(slots.edit.shape),
        attention_mask=additive(np.concatenate([before, itself], axis=2), clean[0].keys),
        position_ids=pos,
        past_key_values=Cache([PrefixLayer(layer, rows, n_clean) for layer in clean]),
    )


def in_slots(edits: Edits, mine: Int[np.ndarray, " k"], most: int) -> Iterator[Slots]:
    """Yield rows of edits of one position, in batches of at most `most` slots."""
    n_pos = int(edits.pos.max()) + 1
    key, of_edit, counts = np.unique(
        edits.prompt[mine] * n_pos + edits.pos[mine], return_inverse=True, return_counts=True
    )
    by_place = np.split(mine[np.argsort(of_edit, kind="stable")], np.cumsum(counts)[:-1])
    rows = [(p, each[start : start + most]) for p, each in zip(key, by_place, strict=True)
            for start in range(0, len(each), most)]  # fmt: skip
    rows.sort(key=lambda row: -len(row[1]))
    start = 0
    while start < len(rows):
        n_slots = len(rows[start][1])
        some = rows[start : start + max(1, most // n_slots)]
        prompt, pos = np.divmod(np.array([p for p, _ in some]), n_pos)
        yield Slots(prompt, pos, np.stack([np.resize(each, n_slots) for _, each in some]))
        start += len(some)


def store(
    request: EditRequest,
    results: EditResults,
    edit: Int[np.ndarray, " k"],
    positions: tuple[Int[Tensor, " k"], Int[Tensor, " k"]],
    tokens: Int[Tensor, "rows slots"],
    **options,
) -> None:
    """Run one forward pass with x replaced at `positions` of the batch and store the results of `edit`."""
    edits, device = request.edits.select(edit), request.tokens.device
    positions = tuple(each.to(device) for each in positions)
    x = request.to_mlp_input(torch.from_numpy(edits.x).to(device))
    neuron = torch.from_numpy(edits.neuron).to(device)

    def put(tensor: Tensor) -> Tensor:
        changed = tensor.reshape(*tokens.shape, -1).clone()
        changed[positions] = x.to(changed)
        return changed.reshape(tensor.shape)

    def read(activations: Tensor) -> None:
        of_edit = activations.reshape(*tokens.shape, -1)[positions]
        results.activation[edit] = of_edit.gather(1, neuron[:, None])[:, 0].float().cpu().numpy()

    hooks = [
        (taps.mlp_input(request.bridge, request.layer), put),
        (taps.activations(request.bridge, request.layer), read),
    ]
    logits = taps.run(request.bridge, tokens, hooks, return_type="logits", **options)
    results.loss[edit] = losses(request, edits, logits[positions].float()).cpu().numpy()


def losses(request: EditRequest, edits: Edits, logits: Float[Tensor, "k n_logits"]) -> Float[Tensor, " k"]:
    prompt, following = (torch.from_numpy(each).to(request.tokens.device) for each in (edits.prompt, edits.pos + 1))
    has_next = following < request.lengths[prompt]
    target = request.tokens[prompt, torch.where(has_next, following, 0)]
    loss = torch.nn.functional.cross_entropy(logits, target, reduction="none")
    return torch.where(has_next, loss, float("nan"))


def empty(n: int) -> EditResults:
    return EditResults(*(np.full(n, np.nan, dtype=np.float32) for _ in range(2)))
