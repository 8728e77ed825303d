"""A small atlas with features known by construction, made without a model; half of its tokens are hostile text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ne_core.atlas.documents import DocumentTable
from ne_core.atlas.inputs import input_index
from ne_core.atlas.manifest import Corpus, Description, Importance, Model, OtherTrees
from ne_core.atlas.schema import HISTOGRAM_BINS, LOGITS
from ne_core.method.contributions import Parts
from ne_core.method.embeddings import Embedder
from ne_core.method.layer import NeuronLayer
from ne_core.method.statistics import InputStatistics
from ne_core.text.windows import Window
from precompute.corpus.sources import DocumentList
from precompute.steps.activating_examples import ActivatingExamples
from precompute.steps.directions import Pool, directions
from precompute.steps.equal_n import (
    EqualNJob,
    EqualNMeasures,
    directions_chunk,
    equal_n_from,
    neurons_chunk,
    work_equal_n,
)
from precompute.steps.features import FeaturesJob, chunk_of, features_of, unit_ranges
from precompute.steps.layer_features import LayerFeatures, Texts
from precompute.steps.other_trees import StoredTrees, work_other_trees
from precompute.steps.sample import LayerStatistics
from precompute.steps.spaces import spaces_of
from precompute.write.atlas import write_atlas
from precompute.write.in_memory import indexed
from precompute.write.parts import AtlasParts

WORDS = [" the", " cat", " dog", " red", " blue", " runs", " sleeps", " under", " moon", " river", " three", " seven"]
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' OR \"1\"='1",
    "\n",
    "\t",
    "\x00\x07\x1b",
    "\u202e",
    "\\xe2",
    "日本語",
    "🙂",
    "&amp;<b>",
    "",
]
VOCAB = WORDS + HOSTILE
D_IN, N_EXAMPLES, N_CTX, CUT = 16, 40, 24, 0.5
WINDOW = Window(back=8, forward=4)
BASELINES = ["mask-token", "mean-embedding"]
N_SAMPLED = 200
EQUAL_N = 7  # examples of each random subset
PARTS = Parts(position=True, heads=2, own_attention=True)
SECOND_STARTS = 12  # position at which the second document of an even example starts
FILES = ("planted.txt", "<b>bold</b>.txt")  # groups of the documents
RANKS_WITH_IMPORTANCE = 3  # examples with a higher rank have no importances


@dataclass(frozen=True)
class Meaning:
    """A planted feature: the direction of its inputs, its token, and its number of examples."""

    direction: int
    token: int
    size: int


# By neuron; features of one neuron have different directions, so their embeddings are orthogonal.
LAYERS = {
    0: [
        [Meaning(0, 1, 14), Meaning(1, 3, 3)],  # a common behaviour and a rare one
        [Meaning(2, 5, 9)],  # one behaviour
        [Meaning(0, 2, 6), Meaning(1, 4, 5), Meaning(2, 12, 4), Meaning(3, 18, 3)],  # several
        [Meaning(3, 8, 1)],  # one example
        [],  # dead
        [Meaning(1, 20, 5), Meaning(2, 16, 5)],  # two of equal size
    ],
    2: [
        [Meaning(0, 1, 10), Meaning(3, 13, 2)],  # the first feature has the direction of L0 N0 F0
        [],
        [Meaning(1, 9, 7)],
        [Meaning(2, 21, 4), Meaning(3, 19, 3), Meaning(0, 7, 2)],
        [Meaning(1, 10, 12)],
    ],
}


class RandomTexts:
    """Random tokens with free positions for key tokens, assigned example by example."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng
        self.tokens = rng.integers(len(VOCAB), size=(N_EXAMPLES, N_CTX), dtype=np.int32)
        self.lengths = np.where(np.arange(N_EXAMPLES) % 5 == 4, N_CTX - 6, N_CTX).astype(np.int32)
        self.used = np.zeros((N_EXAMPLES, N_CTX), dtype=bool)
        self.used[:, 0] = True  # never a key token

    def place(self, token: int, example: int) -> int:
        """Write a key token at a free position of the example and return the position."""
        free = np.flatnonzero(~self.used[example, : self.lengths[example]])
        pos = int(self.rng.choice(free))
        self.used[example, pos] = True
        self.tokens[example, pos] = token
        return pos


def direction(number: int) -> np.ndarray:
    """Return a unit vector on inputs that no other direction uses."""
    x = np.zeros(D_IN)
    x[4 * number : 4 * number + 4] = 0.5
    return x


def planted_rows(layer: int, neurons: Sequence[Sequence[Meaning]], corpus: RandomTexts) -> ActivatingExamples:
    rng = corpus.rng
    W_in = rng.uniform(0.8, 1.2, size=(D_IN, len(neurons))).astype(np.float32)
    rows = []
    for neuron, meanings in enumerate(neurons):
        planted = [meaning for meaning in meanings for _ in range(meaning.size)]
        examples = rng.choice(N_EXAMPLES, size=len(planted), replace=False)
        for example, meaning in sorted(zip(examples.tolist(), planted, strict=True), key=lambda pair: pair[0]):
            rows.append((neuron, example, corpus.place(meaning.token, example), direction(meaning.direction)))
    x = np.array([x for *_, x in rows]) + rng.normal(0, 0.03, size=(len(rows), D_IN))
    neuron, example, pos = np.array([row[:3] for row in rows]).T
    activation = rng.uniform(3.1, 4, size=len(rows))
    x *= (activation / np.einsum("rd,dr->r", x, W_in[:, neuron]))[:, None]  # so that x · w equals the activation
    counts = np.bincount(neuron, minlength=len(neurons))
    x_row, _ = input_index(example, pos)
    return ActivatingExamples(
        layer=layer,
        weights=NeuronLayer(W_in, np.zeros(len(neurons), dtype=np.float32)),
        maxima=np.where(counts > 0, 4, -0.2).astype(np.float32),
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        example=example,
        pos=pos,
        activation=activation.astype(np.float32),
        window_activations=planted_windows(rng, corpus, example, pos, activation),
        x_row=x_row,
        x=x[np.argsort(x_row)].astype(np.float16),
    )


def planted_windows(rng, corpus: RandomTexts, example, pos, activation) -> np.ndarray:
    """Return activations that are highest on the key token, some below zero, NaN outside the example."""
    values = rng.uniform(-0.2, 2.5, size=(len(example), WINDOW.size)).astype(np.float32)
    values[:, WINDOW.key] = activation
    positions = WINDOW.positions(pos)
    values[(positions < 0) | (positions >= corpus.lengths[example][:, None])] = np.nan
    return values


def planted_importances(rng, layer: LayerFeatures) -> np.ndarray:
    """Masking the key token loses everything, some tokens inhibit; NaN for high ranks and outside tokens."""
    values = rng.uniform(-0.4, 0.6, size=(layer.rows.n_rows, len(BASELINES), WINDOW.back)).astype(np.float32)
    values[:, :, WINDOW.key] = 1
    values[layer.features.rank >= RANKS_WITH_IMPORTANCE] = np.nan
    outside = WINDOW.positions(layer.rows.pos)[:, : WINDOW.back] < 0
    values[np.repeat(outside[:, None, :], len(BASELINES), axis=1)] = np.nan
    return values


def planted_statistics(rng, layer: ActivatingExamples) -> LayerStatistics:
    """Return statistics of a random sample: most positions silent, some neurons with a single activation."""
    x = rng.normal(size=(N_SAMPLED, layer.weights.d_in))
    activations = np.maximum(rng.normal(size=(layer.weights.n_neurons, N_SAMPLED)), 0)
    activations[layer.maxima <= 0] = 0
    histograms = [np.histogram(each, HISTOGRAM_BINS, (each.min(), each.max() or 1)) for each in activations]
    return LayerStatistics(
        input_mean=x.mean(axis=0).astype(np.float32),
        input_covariance=np.cov(x.T).astype(np.float32),
        histogram=np.array([counts for counts, _ in histograms]),
        histogram_range=np.array([edges[[0, -1]] for _, edges in histograms], dtype=np.float32),
    )


def planted_logits(rng, n_neurons: int) -> dict[str, np.ndarray]:
    """Neuron j raises token j most and lowers the last token most; hostile tokens are among them."""
    effects = rng.uniform(-1, 1, size=(n_neurons, len(VOCAB)))
    effects[np.arange(n_neurons), np.arange(n_neurons) % len(VOCAB)], effects[:, -1] = 2, -2
    order = np.argsort(-effects, axis=1)
    tokens = np.stack([order[:, :LOGITS], order[:, ::-1][:, :LOGITS]], axis=1)
    return {"logit_tokens": tokens, "logit_effects": np.take_along_axis(effects[:, None], tokens, axis=2)}


def planted_contributions(rng, layer_features: LayerFeatures) -> dict[str, np.ndarray]:
    """Head L0 H1 contributes most and reads the previous token; the parts sum to the activation."""
    parts, rows = PARTS, layer_features.rows
    layer, n = rows.layer, rows.n_rows
    values = rng.uniform(-0.3, 0.3, size=(n, parts.count(layer)))
    values[:, parts.first_head + 1] = 2
    values[:, 0] += rows.activation - values.sum(axis=1)
    heads = np.abs(values[:, parts.first_head :][:, : parts.n_heads(layer)])
    order = np.argsort(-heads, axis=1)[:, : parts.n_read(layer)]
    back = np.where(order == 1, 1, rng.integers(0, 1 + rows.pos[:, None], size=order.shape))
    return {"contributions": values, "read_head": order, "read_back": back}


def planted_documents() -> DocumentTable:
    """An even example has two documents, one from each file; an odd one continues the second."""
    documents = DocumentList()
    for example in range(0, N_EXAMPLES, 2):
        for number, pos in enumerate((0, SECOND_STARTS)):
            documents.add(example * N_CTX + pos, FILES[number], f" line {example + number}")
    return documents.documents(N_CTX)


def description(layers: Sequence[LayerFeatures], inputs: bool = True) -> Description:
    return Description(
        name="planted",
        units="neurons",
        model=Model(name="planted", family="none", act_fn="relu", gated=False, causal=True, sha256="0"),
        corpus=Corpus(name="planted", sha256="0", n_documents=N_EXAMPLES, packing="one", notes=[]),
        documents="file",
        keep=0.75,
        max_examples=100,
        baselines=tuple(BASELINES),
        importance=Importance(
            examples=RANKS_WITH_IMPORTANCE,
            passes_allowed=None,
            rows=int(sum((layer.features.rank < RANKS_WITH_IMPORTANCE).sum() for layer in layers)),
            rows_in_all=sum(layer.rows.n_rows for layer in layers),
            passes=0,
        ),
        default_space="neuron",
        embedding="neuron",
        default_cut=CUT,
        sample_positions=N_SAMPLED,
        contributions=PARTS,
        inputs=inputs,
        work_unit=32,
    )


def planted_layers(rng: np.random.Generator, planted: Mapping = LAYERS) -> tuple[Texts, list[LayerFeatures]]:
    """Return the layers, from planted rows by the real feature step, and their texts."""
    corpus = RandomTexts(rng)
    rows = [planted_rows(layer, neurons, corpus) for layer, neurons in planted.items()]
    return Texts(corpus.tokens, corpus.lengths, VOCAB, WINDOW), features_of(rows, CUT)


def planted_equal_n(rows: Sequence[ActivatingExamples], statistics: dict[int, LayerStatistics]) -> EqualNMeasures:
    """Measures on subsets of EQUAL_N planted examples, and as many random directions."""
    job, ranges = EqualNJob("neuron", CUT, EQUAL_N, 40, 0), unit_ranges([len(layer.maxima) for layer in rows])
    embedder_of = embedders(statistics)
    units = [neurons_chunk(job, layer, 0, embedder_of[layer.layer]) for layer in rows]
    for layer in rows:
        pool = Pool.of(layer.weights, layer.x, layer.x_row, layer.example)
        drawn = directions(pool, 40, EQUAL_N, 0.75, 100, np.random.default_rng(layer.layer))
        units.append(directions_chunk(job, layer, drawn, embedder_of[layer.layer]))
    results = [work_equal_n(job, unit) for unit in units]
    return equal_n_from(rows, ranges, results.__getitem__, job)


def planted_trees(rows: Sequence[ActivatingExamples]) -> StoredTrees:
    """Trees of x beside those of x ⊙ w, by the step of the build."""
    job = FeaturesJob(CUT, "pre_mlp")
    by_layer = {layer.layer: work_other_trees(job, chunk_of(layer, 0)) for layer in rows}
    return StoredTrees(OtherTrees("pre_mlp", CUT), by_layer)


def make_atlas(
    out: Path, inputs: bool = True, equal_n: bool = False, planted: Mapping = LAYERS, other_trees: bool = False
) -> Path:
    """Write the `planted` neurons to `out` with the real steps from features on.

    `equal_n`: with random directions; `other_trees`: with trees of x.
    """
    rng = np.random.default_rng(0)
    texts, layers = planted_layers(rng, planted)
    importances = {layer.rows.layer: planted_importances(rng, layer) for layer in layers}
    statistics = {layer.rows.layer: planted_statistics(rng, layer.rows) for layer in layers}
    parts = planted_parts(rng, texts, layers, importances, statistics, description(layers, inputs))
    rows = [layer.rows for layer in layers]
    measures = planted_equal_n(rows, statistics) if equal_n else None
    write_atlas(out, replace(parts, equal_n=measures, other_trees=planted_trees(rows) if other_trees else None))
    return out


def planted_parts(
    rng: np.random.Generator,
    texts: Texts,
    layers: Sequence[LayerFeatures],
    importances: Mapping[int, np.ndarray],
    statistics: Mapping[int, LayerStatistics],
    described: Description,
) -> AtlasParts:
    return AtlasParts(
        description=described,
        texts=texts,
        layers=layers,
        statistics=statistics,
        importances=importances,
        indexed=indexed(layers, texts, importances, embedders=embedders(statistics)),
        logits={layer.rows.layer: planted_logits(rng, layer.rows.weights.n_neurons) for layer in layers},
        contributions={layer.rows.layer: planted_contributions(rng, layer) for layer in layers},
        spaces=spaces_of(layers, embedders(statistics)),
        documents=planted_documents(),
    )


def embedders(statistics: Mapping[int, LayerStatistics]) -> dict[int, Embedder]:
    moments = {layer: InputStatistics(each.input_mean, each.input_covariance) for layer, each in statistics.items()}
    return {layer: Embedder(layer_moments) for layer, layer_moments in moments.items()}
