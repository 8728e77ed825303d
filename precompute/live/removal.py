"""Remove meanings from the inputs of neurons, run the model, and compare its predictions.

Only the neuron's input is changed, not the residual stream: the part of x along the meaning is subtracted, the
neuron's activation is computed from the rest, and the model runs with this activation. For a whole neuron x is set to
zero, which leaves its bias. For comparison, a vector of the same length in a random direction is subtracted instead.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ne_core.live.answers import TakenOut
from ne_core.live.requests import MOST_REMOVED, NEXT, WHOLE, LiveError, TakeOut
from precompute.live.edits import edits_of, meaning_part, random_part
from precompute.live.predictions import log_probabilities
from precompute.live.reader import NO_INPUTS, Reader
from precompute.live.reading import check_distance
from precompute.live.running import Changed, run_without
from precompute.live.text import Text


def take_out(reader: Reader, request: TakeOut) -> TakenOut:
    """Answer a request. Raises LiveError."""
    check(reader, request)
    text = reader.text(request.text)
    next_after = len(text) - 1 if request.next_after is None else reader.position(text, request.next_after)
    pos = positions(reader, text, request.pos)
    edits, notes = edits_of(reader, request)
    after, changed = run_without(reader, text, pos, edits, meaning_part(reader))
    random, changed_randomly = run_without(reader, text, pos, edits, random_part(reader))
    runs = [run_without(reader, text, pos, [], meaning_part(reader))[0], after, random]
    tokens, probability = likeliest(reader, runs, next_after)
    return TakenOut(
        tokens=text.tokens.astype(np.int32),
        log_probability=np.stack([log_probabilities(each, text) for each in runs]),
        next_after=next_after,
        next_tokens=tokens,
        probability=probability,
        **what_changed(changed, changed_randomly),
        summary=summary(reader, request, len(pos)),
        notes=reader.notes_of(text) + notes,
    )


def check(reader: Reader, request: TakeOut) -> None:
    if not 1 <= len(request.removals) <= MOST_REMOVED:
        raise LiveError(f"{len(request.removals)} meanings to remove: a request has 1 to {MOST_REMOVED}")
    check_distance(request.distance)
    if not reader.source.predicts:
        raise LiveError("this model does not predict next tokens, so the effect of a removal cannot be shown")
    if not reader.source.changes_can_be_written:
        raise LiveError("this autoencoder rescales its input, so its latents cannot be removed from the model")
    if not reader.atlas.manifest.inputs and any(each.feature != WHOLE for each in request.removals):
        raise LiveError(f"{NO_INPUTS[:-1]}, or remove whole {reader.atlas.manifest.units}")


def positions(reader: Reader, text: Text, pos: int | None) -> Int[np.ndarray, " n"]:
    """Positions at which meanings are removed: `pos`, or all at which neurons are read."""
    return np.flatnonzero(text.counted) if pos is None else np.array([reader.position(text, pos)])


def likeliest(
    reader: Reader, runs: Sequence[Float[Tensor, "pos n_logits"]], pos: int
) -> tuple[Int[np.ndarray, " k"], Float[np.ndarray, "3 k"]]:
    """Return the likeliest tokens after `pos` in any run, by their probability in the first, and the probabilities."""
    probability = torch.stack([each[pos].softmax(-1)[: reader.vocab] for each in runs]).cpu().numpy()
    top = np.unique(np.argsort(-probability, axis=1, kind="stable")[:, :NEXT])
    top = top[np.argsort(-probability[0, top], kind="stable")]
    return top, probability[:, top]


def what_changed(changed: Sequence[Changed], random: Sequence[Changed]) -> dict[str, np.ndarray]:
    """Return the changed activations as columns: position, layer, neuron, and values in RUNS (`random` is the last)."""
    runs = [each.before for each in changed], [each.after for each in changed], [each.after for each in random]
    return {
        "changed_pos": joined([each.pos for each in changed]),
        "changed_layer": joined([np.full(len(each.pos), each.ref.layer) for each in changed]),
        "changed_neuron": joined([np.full(len(each.pos), each.ref.neuron) for each in changed]),
        "changed_activation": np.stack([joined(run).astype(np.float32) for run in runs]),
    }


def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def summary(reader: Reader, request: TakeOut, n_pos: int) -> str:
    """Describe the removal in words."""
    words = reader.atlas.manifest.vocabulary
    whole = len({(each.layer, each.neuron) for each in request.removals if each.feature == WHOLE})
    meanings = len({each for each in request.removals if each.feature != WHOLE})
    what = [f"{meanings} meaning{'s' * (meanings != 1)}"] * bool(meanings)
    what += [f"{whole} whole {words.units if whole != 1 else words.unit}"] * bool(whole)
    where = (
        "at one position" if request.pos is not None else f"at all {n_pos} positions but the first and special tokens"
    )
    return (
        f"{' and '.join(what)} removed from the {words.units}’ own inputs, {where}. Only these activations change; the "
        f"residual stream that others read does not. For comparison, a vector of the same length in a random direction "
        "was removed instead."
    )
