"""Take meanings out of what neurons read, run the model on, and see what it expects then.

Only the reading of one neuron is changed, not the residual stream: x at that neuron loses its part along the meaning,
the neuron's activation is what its layer makes of the x that is left, and the model runs on with it. A whole neuron
reads zero: its biases alone are left. Beside it x loses a vector as long, in a random direction.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ne_core.live.answers import RUNS, TakenOut
from ne_core.live.requests import MOST_REMOVED, NEXT, WHOLE, LiveError, TakeOut
from precompute.live.edits import as_long, edits_of, removed_by
from precompute.live.predictions import log_probabilities
from precompute.live.reader import NO_INPUTS, Reader
from precompute.live.reading import check_distance
from precompute.live.running import Changed, run_without
from precompute.live.text import Text


def take_out(reader: Reader, request: TakeOut) -> TakenOut:
    """The answer to a request. Raises LiveError."""
    check(reader, request)
    text = reader.text(request.text)
    at = len(text) - 1 if request.at is None else reader.position(text, request.at)
    pos = positions(reader, text, request.pos)
    edits, notes = edits_of(reader, request)
    after, changed = run_without(reader, text, pos, edits, removed_by(reader))
    random, otherwise = run_without(reader, text, pos, edits, as_long(reader))
    runs = [run_without(reader, text, pos, [], removed_by(reader))[0], after, random]
    tokens, probability = likeliest(reader, runs, at)
    return TakenOut(
        tokens=text.tokens.astype(np.int32),
        log_probability=np.stack([log_probabilities(each, text) for each in runs]),
        at=at,
        next_tokens=tokens,
        probability=probability,
        **what_changed(changed, otherwise),
        stated=stated(reader, request, len(pos)),
        notes=reader.notes_of(text) + notes,
    )


def check(reader: Reader, request: TakeOut) -> None:
    if not 1 <= len(request.removals) <= MOST_REMOVED:
        raise LiveError(f"{len(request.removals)} meanings to remove: one to {MOST_REMOVED} can be")
    check_distance(request.distance)
    if not reader.source.predicts:
        raise LiveError("this model does not predict the next token: nothing can be seen to follow from a removal")
    if not reader.source.writes_as_it_reads:
        raise LiveError("this autoencoder rescales what it reads: its latents cannot be taken out of the model")
    if not reader.atlas.manifest.inputs and any(each.feature != WHOLE for each in request.removals):
        raise LiveError(f"{NO_INPUTS[:-1]}; whole {reader.atlas.manifest.units} can be removed")


def positions(reader: Reader, text: Text, pos: int | None) -> Int[np.ndarray, " n"]:
    """Positions at which something is removed."""
    return np.flatnonzero(text.counted) if pos is None else np.array([reader.position(text, pos)])


def likeliest(
    reader: Reader, runs: Sequence[Float[Tensor, "pos n_logits"]], at: int
) -> tuple[Int[np.ndarray, " k"], Float[np.ndarray, "3 k"]]:
    """The tokens among the likeliest of any run, by their probability in the first."""
    probability = torch.stack([each[at].softmax(-1)[: reader.vocab] for each in runs]).cpu().numpy()
    top = np.unique(np.argsort(-probability, axis=1, kind="stable")[:, :NEXT])
    top = top[np.argsort(-probability[0, top], kind="stable")]
    return top, probability[:, top]


def what_changed(changed: Sequence[Changed], random: Sequence[Changed]) -> dict[str, np.ndarray]:
    """Where, which neuron, and its activation in RUNS; `random` is the same in the last of them."""
    runs = [each.before for each in changed], [each.after for each in changed], [each.after for each in random]
    return {
        "changed_pos": joined([each.pos for each in changed]),
        "changed_layer": joined([np.full(len(each.pos), each.ref.layer) for each in changed]),
        "changed_neuron": joined([np.full(len(each.pos), each.ref.neuron) for each in changed]),
        "changed_activation": np.stack([joined(run).astype(np.float32) for run in runs]),
    }


def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def stated(reader: Reader, request: TakeOut, n_pos: int) -> str:
    """Statement of what was changed."""
    units = reader.atlas.manifest.vocabulary
    whole = len({(each.layer, each.neuron) for each in request.removals if each.feature == WHOLE})
    meanings = len({each for each in request.removals if each.feature != WHOLE})
    what = [f"{meanings} meaning{'s' * (meanings != 1)}"] * bool(meanings)
    what += [f"{whole} whole {units.units if whole != 1 else units.unit}"] * bool(whole)
    where = "at one position" if request.pos is not None else f"at all {n_pos} positions that count"
    return (
        f"{' and '.join(what)} taken out of what those {units.units} read, {where}: their activations are changed, the "
        f"residual stream that others read is not; {RUNS[2]}: as much taken away in a random direction."
    )
