"""Change in next-token loss when a meaning is removed from the input of one MLP, at the key token."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from ne_core.atlas import Atlas
from precompute.evaluate.surgery.directions import METHODS
from precompute.evaluate.surgery.neurons import FITTED, MAIN, Neuron, PlacedTrial, by_place, places
from precompute.models.transformer import TransformerSource
from precompute.models.transformer.edits import Edits

KINDS_RUN = (*FITTED, (METHODS[1], "shuffled"), (METHODS[1], "random"))  # controls of the only method with an effect


@dataclass(frozen=True)
class Change:
    """Increase in next-token loss in nats, for a feature's held-out examples and for its siblings'; NaN if not run."""

    feature: Float[np.ndarray, "spaces kinds"]
    siblings: Float[np.ndarray, "spaces kinds"]


@dataclass(frozen=True)
class Changed:
    """Inputs of one neuron: first some unchanged examples, each once, then the changed ones of the trials.

    `row`: example of each input; `trial`: its trial, −1 for unchanged examples; `place`: (space, cut, kind) of trials.
    """

    place: Int[np.ndarray, "trials 3"]
    row: Int[np.ndarray, " n"]
    x: Float[np.ndarray, "n d_in"]
    trial: Int[np.ndarray, " n"]
    in_feature: Bool[np.ndarray, " n"]


def changes(
    atlas: Atlas, source: TransformerSource, neurons: Sequence[Neuron], changed: Sequence[Changed]
) -> list[Change]:
    """Changes in loss for neurons of one layer, run together. NaN if the model predicts no next token."""
    example = np.concatenate([n.example[c.row] for n, c in zip(neurons, changed, strict=True)])
    pos = np.concatenate([n.pos[c.row] for n, c in zip(neurons, changed, strict=True)])
    neuron_numbers = np.repeat([n.ref.neuron for n in neurons], [len(c.row) for c in changed])
    prompts, prompt = np.unique(example, return_inverse=True)
    tokens, lengths = (torch.from_numpy(np.array(column[prompts])) for column in (atlas.tokens, atlas.lengths))
    edits = Edits(prompt, pos, neuron_numbers, np.concatenate([c.x for c in changed]))
    edited_run = source.apply_edits(neurons[0].ref.layer, tokens, lengths, edits)
    loss = np.full(len(edits), np.nan) if edited_run is None else edited_run.loss.astype(np.float64)
    ends = np.cumsum([len(c.row) for c in changed])[:-1]
    return [change(*each) for each in zip(changed, np.split(loss, ends), strict=True)]


def changed_inputs(neuron: Neuron, placed: list[PlacedTrial], max_examples: int) -> Changed:
    """Inputs of up to `max_examples` held-out examples of each trial's feature and of its siblings, in random order."""
    placed = [each for each in placed if each.cut == MAIN and each.trial.kind_name in KINDS_RUN]
    selected = [(each.trial, first_of_each(each.trial.in_feature, max_examples)) for each in placed]
    rows = [trial.rows[indices] for trial, indices in selected]
    unchanged = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *rows]))
    return Changed(
        places(placed),
        np.concatenate([unchanged, *rows]),
        np.concatenate([neuron.examples.x[unchanged], *(trial.x[indices] for trial, indices in selected)]),
        np.repeat(np.arange(-1, len(placed)), [len(unchanged), *map(len, rows)]),
        np.concatenate(
            [np.zeros(len(unchanged), dtype=bool), *(trial.in_feature[indices] for trial, indices in selected)]
        ),
    )


def first_of_each(in_feature: Bool[np.ndarray, " k"], max_examples: int) -> Int[np.ndarray, " some"]:
    """Indices of the first `max_examples` examples in the feature, then of the first `max_examples` outside it."""
    return np.concatenate([np.flatnonzero(mask)[:max_examples] for mask in (in_feature, ~in_feature)])


def change(changed: Changed, loss: Float[np.ndarray, " n"]) -> Change:
    """Loss of changed minus unchanged examples; the last token of a text has no next token and is skipped."""
    unchanged, in_trial = changed.trial < 0, changed.trial >= 0
    clean = np.full(int(changed.row.max(initial=-1)) + 1, np.nan)
    clean[changed.row[unchanged]] = loss[unchanged]
    increase = loss[in_trial] - clean[changed.row[in_trial]]
    trial, in_feature = changed.trial[in_trial], changed.in_feature[in_trial]
    means = (group_means(increase, trial, mask, len(changed.place)) for mask in (in_feature, ~in_feature))
    return Change(*(by_place(changed.place, values)[:, MAIN] for values in means))


def group_means(
    values: Float[np.ndarray, " n"], group: Int[np.ndarray, " n"], mask: Bool[np.ndarray, " n"], n_groups: int
) -> Float[np.ndarray, " groups"]:
    """Mean of each group over its finite values within the mask; NaN for none."""
    valid = mask & np.isfinite(values)
    total, count = (np.bincount(group[valid], weights, n_groups) for weights in (values[valid], None))
    return np.divide(total, count, out=np.full(n_groups, np.nan), where=count > 0)
