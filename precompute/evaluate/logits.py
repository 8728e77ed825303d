"""Compare stored direct effects on the logits with what happens when the activation is set to zero.

The direct effect leaves out what later layers do with a neuron's output. For a sample of neurons the model runs on
examples, with the activation at the key token as it is and set to zero; the tokens whose logits fall most are those
that the neuron raises in total. The share of the stored raised tokens among as many of them is the agreement.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.refs import NeuronRef
from precompute.evaluate.bootstrap import mean_and_ends, mean_with_interval
from precompute.models.of_atlas import open_model_of
from precompute.report import Figure, Report, aligned
from precompute.run.progress import OnProgress, counted, silent

Run = Callable[..., Float[Tensor, "batch pos n_logits"]]  # TransformerSource.run_to_logits
SEED = 0
HEAD = """\
Direct effects on the logits against the activation set to zero at the key token: the share of the tokens that a neuron
raises most by its output weights alone that are among as many that lose most when it is set to zero, over examples with
the highest activations. Means over neurons with 95 % intervals.
"""


@dataclass(frozen=True)
class Sizes:
    """Neurons of a layer, and examples of a neuron."""

    neurons: int = 40
    examples: int = 10


QUICK = Sizes(neurons=6, examples=4)


def evaluate_logits(atlas: Atlas, model: str | None, sizes: Sizes, on_progress: OnProgress = silent) -> Report:
    """Measure and report. Raises AtlasError if the atlas has no effects on logits."""
    refs = [ref for layer in atlas.layers for ref in sample(atlas, layer, sizes)]
    if not refs:
        raise AtlasError(f"{atlas.root} has no effects on logits: its model was loaded without an unembedding")
    run = open_model_of(atlas, "auto", model).source.run_to_logits
    shares = [(ref, agreement(atlas, run, ref, sizes.examples)) for ref in counted(refs, on_progress)]
    by_layer = {layer: np.array([share for ref, share in shares if ref.layer == layer]) for layer in atlas.layers}
    return report(atlas, {layer: values for layer, values in by_layer.items() if len(values)})


def sample(atlas: Atlas, layer: int, sizes: Sizes) -> list[NeuronRef]:
    """Random neurons with effects on logits and at least as many examples as a neuron is measured on."""
    enough = np.flatnonzero(np.diff(atlas.files[layer].offsets) >= sizes.examples)
    drawn = np.random.default_rng((SEED, layer)).permutation(enough)[: sizes.neurons]
    refs = [NeuronRef(layer, neuron) for neuron in np.sort(drawn).tolist()]
    return [ref for ref in refs if (effects := atlas.logit_effects(ref)) and effects.raised]


def agreement(atlas: Atlas, run: Run, ref: NeuronRef, n_examples: int) -> float:
    """Share of the stored raised tokens among as many of those that lose most without the activation."""
    raised = [token for token, _ in atlas.logit_effects(ref).raised]
    strongest = np.argsort(-np.asarray(atlas.neuron(ref).activation), kind="stable")[:n_examples]
    lost = mean_loss(atlas, run, ref, np.sort(strongest))[: len(atlas.vocab)]
    return len(set(raised) & set(np.argsort(-lost, kind="stable")[: len(raised)].tolist())) / len(raised)


def mean_loss(atlas: Atlas, run: Run, ref: NeuronRef, rows: Int[np.ndarray, " n"]) -> Float[np.ndarray, " n_logits"]:
    """Mean over examples of what each logit at the key token loses when the activation there is set to zero."""
    examples = atlas.neuron(ref)
    example, pos = np.asarray(examples.example)[rows], torch.from_numpy(np.asarray(examples.pos)[rows].astype(np.int64))
    batch = [torch.from_numpy(np.array(column[example])) for column in (atlas.tokens, atlas.lengths)]
    row = torch.arange(len(rows))

    def zeroed(activations: Float[Tensor, "batch pos n_neurons"]) -> Float[Tensor, "batch pos n_neurons"]:
        changed = activations.clone()
        changed[row, pos, ref.neuron] = 0
        return changed

    runs = [run(*batch, replaced=replaced)[row, pos] for replaced in (None, {ref.layer: zeroed})]
    return (runs[0] - runs[1]).mean(dim=0).cpu().numpy()


def report(atlas: Atlas, by_layer: dict[int, Float[np.ndarray, " n_neurons"]]) -> Report:
    rows: list[Sequence[str]] = [["layer", "neurons", "share of the raised tokens"]]
    rows += [[str(layer), str(len(values)), mean_with_interval(values)] for layer, values in by_layer.items()]
    figures = []
    for layer, values in by_layer.items():
        named = f"logits_raised_layer_{layer}{{}}_{atlas.root.name}"
        figures += [Figure(named.format(end), value, "share") for end, value in mean_and_ends(values).items()]
    return Report(HEAD + "\n" + aligned(rows), tuple(figures))
