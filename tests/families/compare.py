"""Compare an atlas of a language model with plain hooks: the activating examples and every number of a forward pass."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import AutoTokenizer

from ne_core.atlas import Atlas
from tests.families.case import Comparison
from tests.families.plain import Clean, Names, Plain, matrix, scale_of, scaled

PAIRS = 80  # (example, masked position) pairs whose importances are compared
NEURONS = 6  # neurons of each layer whose logit effects are compared
KEEP = 0.75
# Tolerance by dtype, for storage in float16 and rounding, as a share of the largest value.
ALLOWED = {torch.float32: 2e-3, torch.bfloat16: 1.5e-1, torch.float16: 2e-2}


@dataclass(frozen=True)
class CompareWith:
    """`check` of a case: the atlas of a model of class `kind`. Items named in `lacks` must be absent from the atlas."""

    kind: str
    names: Names
    dtype: torch.dtype = torch.float32
    lacks: tuple[str, ...] = ()

    def __call__(self, folder: Path, atlas: Atlas) -> Comparison:
        plain = Plain(folder / "model", self.kind, self.names, self.dtype)
        tokenizer = AutoTokenizer.from_pretrained(folder / "model", local_files_only=True)
        comparison = AtlasComparison(atlas, plain, set(tokenizer.all_special_ids), n_ids(tokenizer))
        allowed = ALLOWED[self.dtype]
        errors = {
            "activations": (comparison.activations(), allowed),
            "importances": (comparison.importances(), allowed),
        }
        if self.dtype == torch.float32:
            errors["selection"] = (comparison.selection_errors(), 0)
        present = {"contributions": atlas.manifest.parts is not None, "logits": atlas.manifest.logit_effects}
        if present["contributions"]:
            errors["contributions"] = (comparison.contributions(), allowed)
        if present["logits"]:
            errors["logits"] = (comparison.logits(), allowed)
        unexpected = [name for name, has in present.items() if has == (name in self.lacks)]
        if unexpected:
            errors[f"{' and '.join(unexpected)} {'present' if present[unexpected[0]] else 'missing'}"] = (1.0, 0)
        return Comparison(errors, [masking_mode(atlas), *(f"no {name}" for name, has in present.items() if not has)])


def masking_mode(atlas: Atlas) -> str:
    """Return how masked prompts were run, from the manifest."""
    facts = atlas.manifest.importance
    return facts.masked + (f" ({facts.why})" if facts.why else "")


def n_ids(tokenizer) -> int:
    return 1 + max(tokenizer.get_vocab().values())


def error(ours: np.ndarray, plain: np.ndarray) -> float:
    """Return the largest difference, as a share of the largest value."""
    if not len(plain):
        return float("nan")
    return float(np.abs(ours - plain).max() / max(np.abs(plain).max(), 1e-9))


@dataclass(frozen=True)
class AtlasComparison:
    atlas: Atlas
    plain: Plain
    special: set[int]
    n_ids: int

    def tokens(self, example: int) -> Int[Tensor, " pos"]:
        return torch.from_numpy(self.atlas.tokens[example, : self.atlas.lengths[example]].astype(np.int64))

    @cached_property
    def clean(self) -> list[Clean]:
        return [self.plain.clean(self.tokens(example)) for example in range(len(self.atlas.tokens))]

    def rows(self, layer: int) -> tuple[Int[np.ndarray, " n"], dict[str, np.ndarray]]:
        """Return the neuron of each row, and the columns."""
        files = self.atlas.files[layer]
        return np.repeat(np.arange(len(files.offsets) - 1), np.diff(files.offsets)), files.columns

    def each_row(self, layer: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield row, neuron, example, position of the key token."""
        neuron, columns = self.rows(layer)
        yield from zip(
            range(len(neuron)), neuron.tolist(), columns["example"].tolist(), columns["pos"].tolist(), strict=True
        )

    def activations(self) -> float:
        errors = []
        for layer in self.atlas.layers:
            values = [self.clean[e].activations[layer][pos, j] for _, j, e, pos in self.each_row(layer)]
            errors.append(error(self.rows(layer)[1]["activation"].astype(float), numbers(values)))
        return max(errors)

    def selection_errors(self) -> int:
        """Count rows that a plain reading would not keep, or would keep; borderline cases are ignored."""
        return sum(self.selection_errors_in(layer) for layer in self.atlas.layers)

    def selection_errors_in(self, layer: int) -> int:
        highest = np.stack([self.highest(example, layer) for example in range(len(self.clean))])
        share = highest / np.maximum(highest.max(0), 1e-9)
        neuron, columns = self.rows(layer)
        selected = np.zeros(share.shape, dtype=bool)
        selected[columns["example"], neuron] = True
        expected = (share >= KEEP) & (highest.max(0) > 0)
        return int((selected != expected)[np.abs(share - KEEP) > 1e-3].sum())

    def highest(self, example: int, layer: int) -> Float[np.ndarray, " n_neurons"]:
        """Return the maximum over possible key positions; activations that are never above 0 count as 0."""
        tokens = self.tokens(example).tolist()
        positions = [pos for pos, token in enumerate(tokens) if pos and token not in self.special]
        return numbers(self.clean[example].activations[layer][positions].float().max(0).values).clip(0)

    def baseline(self) -> Float[Tensor, " d"]:
        """Return the baseline of the first mask, from the embedding module itself, before any later scaling."""
        name = self.atlas.manifest.baselines[0]
        ids = range(self.n_ids) if name == "mean-embedding" else [self.atlas.vocab.index("[MASK]")]
        weight = self.plain.embedding
        with torch.inference_mode():
            ids = torch.tensor([id for id in ids if id < weight.num_embeddings])
            return weight(ids[None])[0].float().mean(0)

    def importances(self) -> float:
        """Compare every row at some masked positions."""
        baseline, errors = self.baseline(), []
        pairs = self.pairs()
        selected = np.random.default_rng(0).permutation(len(pairs))[:PAIRS]
        for example, masked in (pairs[index] for index in sorted(selected)):
            changed = self.plain.masked(self.tokens(example), masked, baseline)
            errors += [self.importance_errors(layer, example, masked, changed[layer]) for layer in self.atlas.layers]
        ours, plain = (np.concatenate(each) for each in zip(*errors, strict=True))
        finite = np.isfinite(ours)
        return error(ours[finite], plain[finite]) if finite.mean() > 0.9 else float("nan")

    def pairs(self) -> list[tuple[int, int]]:
        back = self.atlas.manifest.window.back
        pairs = set()
        for layer in self.atlas.layers:
            for _, _, example, pos in self.each_row(layer):
                tokens = self.tokens(example).tolist()
                pairs |= {
                    (example, masked)
                    for masked in range(max(0, pos - back + 1), pos + 1)
                    if tokens[masked] not in self.special
                }
        return sorted(pairs)

    def importance_errors(
        self, layer: int, example: int, masked: int, changed: Float[Tensor, "pos n_neurons"]
    ) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        back, (neuron, columns) = self.atlas.manifest.window.back, self.rows(layer)
        distance = columns["pos"].astype(int) - masked
        rows = np.flatnonzero((columns["example"] == example) & (distance >= 0) & (distance < back))
        pos, j = columns["pos"][rows].astype(int), neuron[rows]
        clean = self.clean[example].activations[layer]
        plain = 1 - numbers(changed[pos, j]) / numbers(clean[pos, j])
        return columns["window_importances"][rows, 0, back - 1 - distance[rows]].astype(float), plain

    def contributions(self) -> float:
        return max(self.contributions_of(layer) for layer in self.atlas.layers)

    def contributions_of(self, layer: int) -> float:
        ours = self.atlas.files[layer].contributions["contributions"].astype(float)
        plain = np.stack([self.parts(layer, *row) for _, *row in self.each_row(layer)])
        return error(ours, plain)

    def parts(self, layer: int, neuron: int, example: int, pos: int) -> Float[np.ndarray, " n_parts"]:
        """Return a pre-activation's parts in the order of the atlas, from plain hooks."""
        plain, clean, parts = self.plain, self.clean[example], self.atlas.manifest.parts
        norm = plain.module(layer, plain.names.norm)
        up = matrix(plain.module(layer, plain.names.up))[:, neuron]
        sigma = scale_of(norm, clean.stream[layer][pos].float()[None])[0]

        def part_of(written: Float[Tensor, " d"]) -> float:
            return float(scaled(norm, written.float(), plain.names.one_more) / sigma @ up)

        values = [part_of(clean.token[pos])] + ([part_of(clean.position[pos])] if parts.position else [])
        for before in range(layer + parts.own_attention):
            W_O = matrix(plain.module(before, plain.names.out))
            mixed = (clean.mixed[before][pos] - plain.value_biases[before]).float()
            by_head = (part @ W for part, W in zip(mixed.chunk(parts.heads), W_O.chunk(parts.heads), strict=True))
            values += [part_of(each) for each in by_head]
        for before in range(layer):
            bias = getattr(plain.module(before, plain.names.down), "bias", None)
            values.append(part_of(clean.written[before][pos] - (0 if bias is None else bias.detach())))
        return np.array([*values, float(clean.pre_activations[layer][pos, neuron]) - sum(values)])

    def logits(self) -> float:
        return max(self.logits_of(layer) for layer in self.atlas.layers)

    def logits_of(self, layer: int) -> float:
        columns, tokens = self.atlas.files[layer].logits, self.tokens(0)
        errors = []
        for neuron in range(NEURONS):
            effects = self.plain.logit_effects(layer, neuron, tokens)[: self.n_ids]
            effects = numbers(effects - effects.mean())
            for ids, ours, sign in zip(
                columns["logit_tokens"][neuron], columns["logit_effects"][neuron], (1, -1), strict=True
            ):
                best = sign * np.sort(sign * effects)[::-1][: len(ids)]
                errors += [error(ours.astype(float), best), error(ours.astype(float), effects[ids])]
        return max(errors)


def numbers(values: Tensor | Sequence[Tensor]) -> Float[np.ndarray, "*shape"]:
    values = torch.stack(list(values)) if isinstance(values, list) else values
    return values.detach().double().cpu().numpy()


Check = Callable[[Path, Atlas], Comparison]
