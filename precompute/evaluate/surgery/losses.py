"""What the model loses on the next token when a meaning is taken out of the input of one MLP, at the key token."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from ne_core.atlas import Atlas
from precompute.evaluate.surgery.directions import WAYS
from precompute.evaluate.surgery.neurons import FITTED, MAIN, Neuron, Placed, by_place, places
from precompute.models.transformer import TransformerSource
from precompute.models.transformer.edits import Edits

KINDS_RUN = (*FITTED, (WAYS[1], "shuffled"), (WAYS[1], "random"))  # the controls of what moves anything


@dataclass(frozen=True)
class Change:
    """Nats more on the next token, of the feature's held-out examples and of its siblings'; NaN where no trial."""

    own: Float[np.ndarray, "spaces kinds"]
    siblings: Float[np.ndarray, "spaces kinds"]


@dataclass(frozen=True)
class Changed:
    """One neuron's inputs: first some examples as they are, each once, then those of the trials.

    `row` says of which example each is, `trial` of which of the trials, −1 for examples as they are; `place`
    where each trial belongs.
    """

    place: Int[np.ndarray, "trials 3"]
    row: Int[np.ndarray, " n"]
    x: Float[np.ndarray, "n d_in"]
    trial: Int[np.ndarray, " n"]
    own: Bool[np.ndarray, " n"]


def changes(
    atlas: Atlas, source: TransformerSource, neurons: Sequence[Neuron], changed: Sequence[Changed]
) -> list[Change]:
    """For neurons of one layer, run together: they share prompts. NaN where the model predicts no next token."""
    example = np.concatenate([n.example[c.row] for n, c in zip(neurons, changed, strict=True)])
    pos = np.concatenate([n.pos[c.row] for n, c in zip(neurons, changed, strict=True)])
    of = np.repeat([n.ref.neuron for n in neurons], [len(c.row) for c in changed])
    prompts, prompt = np.unique(example, return_inverse=True)
    tokens, lengths = (torch.from_numpy(np.array(column[prompts])) for column in (atlas.tokens, atlas.lengths))
    edits = Edits(prompt, pos, of, np.concatenate([c.x for c in changed]))
    found = source.apply_edits(neurons[0].ref.layer, tokens, lengths, edits)
    loss = np.full(len(edits), np.nan) if found is None else found.loss.astype(np.float64)
    ends = np.cumsum([len(c.row) for c in changed])[:-1]
    return [change(*each) for each in zip(changed, np.split(loss, ends), strict=True)]


def changed_inputs(neuron: Neuron, placed: list[Placed], most: int) -> Changed:
    """Of each trial the first held-out examples, whose order is random: of a feature, and of its siblings, so many."""
    placed = [each for each in placed if each.cut == MAIN and each.trial.named in KINDS_RUN]
    taken = [(each.trial, first_of_each(each.trial.own, most)) for each in placed]
    rows = [trial.rows[some] for trial, some in taken]
    as_they_are = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *rows]))
    return Changed(
        places(placed),
        np.concatenate([as_they_are, *rows]),
        np.concatenate([neuron.examples.x[as_they_are], *(trial.x[some] for trial, some in taken)]),
        np.repeat(np.arange(-1, len(placed)), [len(as_they_are), *map(len, rows)]),
        np.concatenate([np.zeros(len(as_they_are), dtype=bool), *(trial.own[some] for trial, some in taken)]),
    )


def first_of_each(own: Bool[np.ndarray, " k"], most: int) -> Int[np.ndarray, " some"]:
    """At most so many of either kind, the first ones."""
    return np.concatenate([np.flatnonzero(of)[:most] for of in (own, ~own)])


def change(changed: Changed, loss: Float[np.ndarray, " n"]) -> Change:
    """Every example against itself as it is; last tokens of a text, which nothing follows, are left out."""
    as_it_is, tried = changed.trial < 0, changed.trial >= 0
    clean = np.full(int(changed.row.max(initial=-1)) + 1, np.nan)
    clean[changed.row[as_it_is]] = loss[as_it_is]
    more, trial, own = loss[tried] - clean[changed.row[tried]], changed.trial[tried], changed.own[tried]
    means = (mean_of(more, trial, side, len(changed.place)) for side in (own, ~own))
    return Change(*(by_place(changed.place, values)[:, MAIN] for values in means))


def mean_of(
    values: Float[np.ndarray, " n"], group: Int[np.ndarray, " n"], among: Bool[np.ndarray, " n"], n_groups: int
) -> Float[np.ndarray, " groups"]:
    """Of each group, over those of its values that count and are there; NaN for none."""
    used = among & np.isfinite(values)
    total, count = (np.bincount(group[used], weights, n_groups) for weights in (values[used], None))
    return np.divide(total, count, out=np.full(n_groups, np.nan), where=count > 0)
