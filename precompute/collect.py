"""Stage 1: one pass over the corpus: which examples activate each neuron, where, and what the neuron read there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from ne_core.windows import Window
from precompute.candidates import Candidates, Rule, bars, chosen, merged, none_yet
from precompute.collected import LayerRows
from precompute.config import RunConfig
from precompute.source import LayerPass, Source

WINDOW = Window(*RunConfig.window)


class CollectError(ValueError):
    """The activations cannot be used; the message says why in one line."""


def collect_tokens(
    source: Source,
    tokens: Int[np.ndarray, "n_examples n_ctx"],
    lengths: Int[np.ndarray, " n_examples"] | None = None,
    may_be_key: Bool[np.ndarray, "n_examples n_ctx"] | None = None,
    rules: Mapping[int, Rule] | None = None,
    window: Window = WINDOW,
    work_unit: int = RunConfig.work_unit,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[LayerRows]:
    """The activating examples of every layer of the source, in one pass, `work_unit` examples at a time.

    `may_be_key` says which positions may be key tokens; unless told, all real ones but position 0.
    """
    n_examples, n_ctx = tokens.shape
    lengths = np.full(n_examples, n_ctx, dtype=np.int32) if lengths is None else lengths
    allowed = real_positions(lengths, n_ctx) if may_be_key is None else may_be_key & real_positions(lengths, n_ctx)
    rules = rules or {layer: Rule(RunConfig.keep, RunConfig.max_examples) for layer in source.layers}
    collectors = {layer: LayerCollector(source, layer, rules[layer], window) for layer in source.layers}
    for start in range(0, n_examples, work_unit):
        unit = slice(start, min(start + work_unit, n_examples))
        read_unit(source, tokens[unit], Batch(start, lengths[unit], allowed[unit]), collectors)
        progress(unit.stop, n_examples)
    return [collectors[layer].rows() for layer in source.layers]


def read_unit(
    source: Source,
    tokens: Int[np.ndarray, "batch pos"],
    batch: "Batch",
    collectors: Mapping[int, "LayerCollector"],
) -> None:
    on_device = torch.from_numpy(tokens.astype(np.int64)).to(source.device)
    lengths = torch.from_numpy(batch.lengths.astype(np.int64)).to(source.device)
    source.read(on_device, lengths, lambda found: collectors[found.layer].add(found, batch))


def real_positions(lengths: Int[np.ndarray, " n_examples"], n_ctx: int) -> Bool[np.ndarray, "n_examples n_ctx"]:
    """Inside the example, and not position 0, whose activations are outliers in many models."""
    at = np.arange(n_ctx)
    return (at > 0) & (at < lengths[:, None])


@dataclass(frozen=True)
class Batch:
    """One work unit: the number of its first example, and what is known of its positions."""

    start: int
    lengths: Int[np.ndarray, " batch"]
    allowed: Bool[np.ndarray, "batch pos"]


class LayerCollector:
    """One layer's candidates as the pass goes on: those that were settled, and those of the units since then."""

    def __init__(self, source: Source, layer: int, rule: Rule, window: Window):
        self.source, self.layer, self.rule, self.window = source, layer, rule, window
        self.weights = source.layer(layer)
        self.state = none_yet(self.weights.n_neurons, self.weights.d_in, window)
        self.waiting: list[Candidates] = []
        self.seen = self.state.seen
        self.bar = bars(self.state, rule)

    def add(self, found: LayerPass, batch: Batch) -> None:
        best = self.highest(found, batch)
        self.seen = np.maximum(self.seen, best.max(axis=0))
        self.waiting.append(self.gathered(found, batch, best))
        # as many as are settled: each candidate is then moved a few times in all, however long the corpus
        if sum(map(len, self.waiting)) > max(len(self.state), 4 * self.weights.n_neurons):
            self.settle()

    def highest(self, found: LayerPass, batch: Batch) -> Float[np.ndarray, "batch n_neurons"]:
        """Each neuron's highest activation in each example, −∞ where no position may be a key token."""
        blocked = torch.from_numpy(~batch.allowed).to(found.activations.device)
        best = found.activations.masked_fill(blocked[:, :, None], -torch.inf).amax(dim=1).float().cpu().numpy()
        if np.isnan(best).any() or np.isposinf(best).any():
            raise CollectError(f"layer {self.layer} has activations that are not finite: check the model's weights")
        return best

    def gathered(self, found: LayerPass, batch: Batch, best: Float[np.ndarray, "batch n_neurons"]) -> Candidates:
        """The unit's candidates; only theirs of all the activations and inputs leave the device."""
        threshold = self.rule.threshold(self.seen)
        hopeful = (best >= threshold) & (self.rule.worth(best, threshold) > self.bar)
        neuron, row = np.nonzero(hopeful.T)
        by_neuron = found.activations.transpose(1, 2)
        profile = by_neuron[torch.from_numpy(row), torch.from_numpy(neuron)].float().cpu().numpy()
        pos = np.where(batch.allowed[row], profile, -np.inf).argmax(axis=1)  # the first of equals
        places, x_row = np.unique(row * batch.allowed.shape[1] + pos, return_inverse=True)
        x = found.x.flatten(0, 1)[torch.from_numpy(places).to(found.x.device)]
        return Candidates(
            seen=best.max(axis=0),
            neuron=neuron.astype(np.int32),
            example=(batch.start + row).astype(np.int32),
            pos=pos.astype(np.int32),
            activation=best[row, neuron],
            window_activations=self.window.slice(profile, batch.lengths[row], np.arange(len(row)), pos, np.nan),
            x_row=x_row,
            x=self.source.inputs(self.layer, x).float().cpu().numpy(),
        )

    def candidates(self) -> Candidates:
        """What is left of the units so far; those of two parts of a corpus can be merged."""
        self.settle()
        return self.state

    def settle(self) -> None:
        self.state = merged([self.state, *self.waiting], self.rule)
        self.waiting = []
        self.bar = np.maximum(self.bar, bars(self.state, self.rule))

    def rows(self) -> LayerRows:
        return chosen(self.candidates(), self.rule, self.layer, self.weights)
