"""What a model does with other inputs of an MLP than its own: neurons on them, and the next token's loss after them.

An edit changes one position of one prompt in one layer. A causal model leaves everything before it as it was, so the
prompt's keys and values are computed once, and all edits of one position stand in one row of the batch: each sees the
clean keys before it and itself.
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

INPUTS_AT_ONCE = 2**12
LOGITS_AT_ONCE = 2**26  # 256 MB in float32


@dataclass(frozen=True)
class Edits:
    """What stands in the place of x, as an atlas has it, at `pos` of a prompt, and the neuron that is asked for."""

    prompt: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    neuron: Int[np.ndarray, " n"]
    x: Float[np.ndarray, "n d_in"]

    def __len__(self) -> int:
        return len(self.pos)

    def taken(self, chosen: Int[np.ndarray, " k"]) -> "Edits":
        return Edits(self.prompt[chosen], self.pos[chosen], self.neuron[chosen], self.x[chosen])


@dataclass(frozen=True)
class Edited:
    """Of each edit: the neuron's activation there, and the loss on the token that follows, NaN where none does."""

    activation: Float[np.ndarray, " n"]
    loss: Float[np.ndarray, " n"]


@dataclass(frozen=True)
class Edit:
    """One layer's edits on some prompts; `given` makes what its MLP is given of an atlas's x."""

    bridge: TransformerBridge
    layer: int
    given: Callable[[Float[Tensor, "*rows d_in"]], Float[Tensor, "*rows d_in"]]
    tokens: Int[Tensor, "batch pos"]
    lengths: Int[Tensor, " batch"]
    edits: Edits
    prompts: Batches
    rows: Batches

    @property
    def tokens_per_pass(self) -> int:
        most = TOKENS_PER_PASS.get(self.tokens.device.type, TOKENS_PER_PASS["cpu"])
        return max(1, min(most, LOGITS_AT_ONCE // self.bridge.cfg.d_vocab))


@dataclass(frozen=True)
class Slots:
    """The edits of some (prompt, position) pairs, a row each; rows with fewer repeat one of theirs."""

    prompt: Int[np.ndarray, " rows"]
    pos: Int[np.ndarray, " rows"]
    edit: Int[np.ndarray, "rows slots"]


def activations_on(
    bridge: TransformerBridge,
    layer: int,
    x: Float[Tensor, "n d_in"],
    neuron: Int[Tensor, " n"],
) -> Float[Tensor, " n"]:
    """The layer's own MLP on inputs of anyone's making, of each the activation of one neuron.

    One token is run, and the inputs pass in its place: what is before the MLP does not reach them.
    """
    found = torch.empty(len(x), device=x.device)

    def put(tensor: Tensor) -> Tensor:
        return x.to(tensor) if tensor.ndim == 2 else x.to(tensor)[None]

    def read(activations: Tensor) -> None:
        found[:] = activations.flatten(0, -2).gather(1, neuron[:, None])[:, 0].float()
        raise taps.Stop

    hooks = [(taps.mlp_input(bridge, layer), put), (taps.activations(bridge, layer), read)]
    taps.run(bridge, torch.zeros((1, 1), dtype=torch.long, device=x.device), hooks)
    return found


def recompute(asked: Edit) -> Edited:
    """Every edit in a prompt of its own."""
    found = empty(len(asked.edits))

    def run(part: slice) -> None:
        edits = asked.edits.taken(np.arange(part.start, part.stop))
        tokens, lengths = asked.tokens[edits.prompt], asked.lengths[edits.prompt]
        real = torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None]
        at = torch.arange(len(edits)), torch.from_numpy(edits.pos)
        store(asked, found, np.arange(part.start, part.stop), at, tokens, attention_mask=real.long())

    in_parts(asked.rows, len(asked.edits), asked.tokens_per_pass // asked.tokens.shape[1], run)
    return found


def reuse(asked: Edit) -> Edited:
    """The edited positions alone, attending to the clean keys and values before them."""
    prompts, found = by_length(asked.edits), empty(len(asked.edits))

    def run(part: slice) -> None:
        reuse_of(asked, np.sort(prompts[part]), found)

    in_parts(asked.prompts, len(prompts), asked.tokens_per_pass // asked.tokens.shape[1], run)
    return found


def by_length(edits: Edits) -> Int[np.ndarray, " prompts"]:
    """The prompts, those first of which least is needed: what stands together is computed as far as the longest."""
    prompts, of_edit = np.unique(edits.prompt, return_inverse=True)
    return prompts[np.argsort(largest(of_edit, edits.pos, len(prompts)), kind="stable")]


def reuse_of(asked: Edit, prompts: Int[np.ndarray, " prompts"], found: Edited) -> None:
    """The edits of some prompts, whose clean keys and values are held at once."""
    mine = np.flatnonzero(np.isin(asked.edits.prompt, prompts))
    n_clean = max(1, int(asked.edits.pos[mine].max()))
    clean = clean_layers(asked.bridge, asked.tokens[prompts, :n_clean], len(asked.bridge.blocks) - 1)
    for slots in in_slots(asked.edits, mine, asked.tokens_per_pass):

        def run(part: slice, slots: Slots = slots) -> None:
            some = Slots(slots.prompt[part], slots.pos[part], slots.edit[part])
            row_pass(asked, some, np.searchsorted(prompts, some.prompt), clean, found)

        in_parts(asked.rows, len(slots.pos), len(slots.pos), run)


def row_pass(
    asked: Edit, slots: Slots, row: Int[np.ndarray, " rows"], clean: list[DynamicLayer], found: Edited
) -> None:
    device, (n_rows, n_slots) = asked.tokens.device, slots.edit.shape
    n_clean = max(1, int(slots.pos.max()))
    before = np.broadcast_to(np.arange(n_clean) < slots.pos[:, None, None], (n_rows, n_slots, n_clean))
    itself = np.broadcast_to(np.eye(n_slots, dtype=bool), (n_rows, n_slots, n_slots))
    pos = torch.from_numpy(slots.pos).to(device)[:, None].expand(slots.edit.shape)
    at_row = torch.from_numpy(row).to(device)
    store(
        asked,
        found,
        slots.edit.reshape(-1),
        tuple(torch.from_numpy(each.reshape(-1)) for each in np.indices(slots.edit.shape)),
        asked.tokens[slots.prompt[:, None], slots.pos[:, None]].expand(slots.edit.shape),
        attention_mask=additive(np.concatenate([before, itself], axis=2), clean[0].keys),
        position_ids=pos,
        past_key_values=Cache([PrefixLayer(layer, at_row, n_clean) for layer in clean]),
    )


def in_slots(edits: Edits, mine: Int[np.ndarray, " k"], most: int) -> Iterator[Slots]:
    """Rows of as many edits as a position has, in batches of at most so many slots."""
    n_pos = int(edits.pos.max()) + 1
    place, of_edit, counts = np.unique(
        edits.prompt[mine] * n_pos + edits.pos[mine], return_inverse=True, return_counts=True
    )
    by_place = np.split(mine[np.argsort(of_edit, kind="stable")], np.cumsum(counts)[:-1])
    rows = [(p, each[start : start + most]) for p, each in zip(place, by_place, strict=True)
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
    asked: Edit,
    found: Edited,
    edit: Int[np.ndarray, " k"],
    at: tuple[Int[Tensor, " k"], Int[Tensor, " k"]],
    tokens: Int[Tensor, "rows slots"],
    **options,
) -> None:
    """One forward pass with x replaced at some places of the batch; `edit` says which stands at each of them."""
    edits, device = asked.edits.taken(edit), asked.tokens.device
    at = tuple(each.to(device) for each in at)
    x = asked.given(torch.from_numpy(edits.x).to(device))
    neuron = torch.from_numpy(edits.neuron).to(device)

    def put(tensor: Tensor) -> Tensor:
        changed = tensor.reshape(*tokens.shape, -1).clone()
        changed[at] = x.to(changed)
        return changed.reshape(tensor.shape)

    def read(activations: Tensor) -> None:
        of_edit = activations.reshape(*tokens.shape, -1)[at]
        found.activation[edit] = of_edit.gather(1, neuron[:, None])[:, 0].float().cpu().numpy()

    hooks = [(taps.mlp_input(asked.bridge, asked.layer), put), (taps.activations(asked.bridge, asked.layer), read)]
    logits = taps.run(asked.bridge, tokens, hooks, return_type="logits", **options)
    found.loss[edit] = losses(asked, edits, logits[at].float()).cpu().numpy()


def losses(asked: Edit, edits: Edits, logits: Float[Tensor, "k n_logits"]) -> Float[Tensor, " k"]:
    prompt, following = (torch.from_numpy(each).to(asked.tokens.device) for each in (edits.prompt, edits.pos + 1))
    there = following < asked.lengths[prompt]
    target = asked.tokens[prompt, torch.where(there, following, 0)]
    loss = torch.nn.functional.cross_entropy(logits, target, reduction="none")
    return torch.where(there, loss, float("nan"))


def empty(n: int) -> Edited:
    return Edited(*(np.full(n, np.nan, dtype=np.float32) for _ in range(2)))
