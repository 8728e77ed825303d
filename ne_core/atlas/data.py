"""AtlasData: what an open atlas holds, its columns by memory map. `Atlas.open` (opening.py) makes and checks it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8

from ne_core.atlas.arrays import let_go
from ne_core.atlas.inputs import Inputs
from ne_core.atlas.manifest import Manifest
from ne_core.atlas.schema import CONTRIBUTIONS
from ne_core.atlas.search import SearchIndex
from ne_core.errors import AtlasError
from ne_core.method.cluster import central_examples, cut
from ne_core.method.comparison import Comparison
from ne_core.method.contributions import Contributions
from ne_core.method.embeddings import Embedder
from ne_core.method.layer import NeuronLayer
from ne_core.method.logits import LogitEffects, logit_effects
from ne_core.method.naming import word_classes
from ne_core.method.statistics import Histogram, InputStatistics, symmetric
from ne_core.refs import FeatureRef, NeuronRef
from ne_core.text.token_text import visible

BY_ROW = (
    "example", "pos", "activation", "feature", "center_distance", "window_activations", "window_importances",
)  # fmt: skip


@dataclass(frozen=True)
class Neuron:
    """One neuron's activating examples, a row each, in corpus order; and the tree over them.

    `center_distance` is each one's cosine distance to the mean direction of its feature at the default cut.
    """

    ref: NeuronRef
    example: Int[np.ndarray, " n"]
    pos: Int[np.ndarray, " n"]
    activation: Float[np.ndarray, " n"]
    feature: Int[np.ndarray, " n"]
    center_distance: Float[np.ndarray, " n"]
    window_activations: Float[np.ndarray, "n window"]
    window_importances: Float[np.ndarray, "n baselines back"]
    tree: Float[np.ndarray, "merges 4"]
    merge_central: Int[np.ndarray, " merges"]

    def __len__(self) -> int:
        return len(self.example)

    def features(self, distance: float) -> Int[np.ndarray, " n"]:
        """Feature of each example at another cut."""
        return cut(self.tree, distance) if len(self) else np.zeros(0, dtype=np.int64)

    def central(self, distance: float) -> Int[np.ndarray, " n_features"]:
        """The row at the centre of each feature of that cut."""
        return central_examples(self.tree, self.merge_central, distance) if len(self) else np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class LayerFiles:
    """The columns of one layer, as they lie on disk; what an atlas may be without is None where it is.

    `inputs` are behind its rows, `logits` what its neurons do, `random` the measures of its random directions.
    """

    offsets: Int[np.ndarray, " n_offsets"]
    columns: dict[str, np.ndarray]
    inputs: Inputs | None
    logits: dict[str, np.ndarray] | None
    contributions: dict[str, np.ndarray] | None
    random: dict[str, np.ndarray] | None

    @cached_property
    def tree_offsets(self) -> Int[np.ndarray, " n_offsets"]:
        """Merges of neuron j are tree_offsets[j]:tree_offsets[j+1]; n examples make n − 1 of them, none make none."""
        return np.concatenate([[0], np.cumsum(np.maximum(np.diff(self.offsets) - 1, 0))])


@dataclass(frozen=True, repr=False)
class AtlasData:
    """A readable atlas. Everything it returns is read-only. `ne_core.export.frames` makes DataFrames of it.

    `images` is None where its examples are texts, `comparison` where spaces are not compared. `called` is its name in a
    link.
    """

    root: Path
    manifest: Manifest
    tokens: Int[np.ndarray, "n_examples n_ctx"]
    lengths: Int[np.ndarray, " n_examples"]
    vocab: list[str]
    neurons: dict[str, np.ndarray]
    features: dict[str, np.ndarray]
    files: dict[int, LayerFiles]
    images: UInt8[np.ndarray, "n_examples height width"] | None
    comparison: Comparison | None
    called: str

    def __repr__(self) -> str:
        examples = "texts" if self.images is None else "images"
        units = self.manifest.units
        sizes = {units: self.neurons["layer"], "features": self.features["layer"], examples: self.tokens}
        counts = ", ".join(f"{len(column):,} {name}" for name, column in sizes.items())
        return (
            f"Atlas({str(self.root)!r}: {self.manifest.name!r} of model {self.manifest.model.name!r}, "
            f"{len(self.layers)} layers, {counts}; cut {self.manifest.default_cut:g})"
        )

    @property
    def layers(self) -> tuple[int, ...]:
        return self.manifest.layers

    def n_neurons(self, layer: int) -> int:
        return self.manifest.n_neurons_of[layer]

    def weights(self, layer: int) -> NeuronLayer:
        columns = self.files[layer].columns
        return NeuronLayer(columns["W_in"], columns["b_in"])

    def input_statistics(self, layer: int) -> InputStatistics:
        """Mean and covariance of a layer's x over the sample. Raises KeyError for a layer that the atlas lacks."""
        columns = self.files[layer].columns
        mean = columns["input_mean"]
        return InputStatistics(mean, symmetric(columns["input_covariance"], len(mean)))

    def embedder(self, layer: int) -> Embedder:
        """What embeds the examples of a layer's neurons. Raises KeyError for a layer that the atlas lacks."""
        return Embedder(self.input_statistics(layer))

    def histogram(self, ref: NeuronRef) -> Histogram:
        """How often the neuron is how active, over the sample. Raises KeyError for a neuron that the atlas lacks."""
        columns = self._layer_of(ref).columns
        low, high = columns["histogram_range"][ref.neuron].tolist()
        return Histogram(columns["histogram"][ref.neuron], low, high)

    def logit_effects(self, ref: NeuronRef) -> LogitEffects | None:
        """What the neuron's activation does to the model's output directly; None where the atlas does not hold it.

        Raises KeyError for a neuron that the atlas lacks.
        """
        columns = self._layer_of(ref).logits
        return logit_effects(columns, ref.neuron) if columns else None

    def contributions(self, ref: NeuronRef) -> Contributions | None:
        """What writes the pre-activations of `neuron(ref)`'s rows, in their order; None where they are not split.

        Raises KeyError for a neuron that the atlas lacks.
        """
        layer, parts = self._layer_of(ref), self.manifest.parts
        if parts is None:
            return None
        rows = slice(*layer.offsets[ref.neuron : ref.neuron + 2])
        columns = (layer.contributions[spec.file.removesuffix(".npy")][rows] for spec in CONTRIBUTIONS)
        return Contributions(parts.named(ref.layer), *columns)

    def neuron_inputs(self, ref: NeuronRef) -> Float[np.ndarray, "n d_in"]:
        """x at the key tokens of `neuron(ref)`'s rows, in their order, read from disk.

        Raises KeyError for a neuron that the atlas lacks, AtlasError where it was built without inputs.
        """
        offsets = self._layer_of(ref).offsets
        return self.layer_inputs(ref.layer).of(slice(*offsets[ref.neuron : ref.neuron + 2]))

    def layer_inputs(self, layer: int) -> Inputs:
        """x of all rows of a layer. Raises AtlasError where the atlas was built without inputs."""
        inputs = self.files[layer].inputs
        if inputs is None:
            raise AtlasError(f"{self.root} holds no inputs of its examples: build it again with --inputs yes")
        return inputs

    def neuron(self, ref: NeuronRef) -> Neuron:
        """Raises KeyError for a neuron that the atlas does not have."""
        layer = self._layer_of(ref)
        rows = slice(*layer.offsets[ref.neuron : ref.neuron + 2])
        merges = slice(*layer.tree_offsets[ref.neuron : ref.neuron + 2])
        by_row = {name: layer.columns[name][rows] for name in BY_ROW}
        by_merge = {"tree": layer.columns["trees"][merges], "merge_central": layer.columns["merge_central"][merges]}
        return Neuron(ref, **by_row, **by_merge)

    def suggested_cut(self, ref: NeuronRef) -> float | None:
        """The cut that the tree suggests, to three digits; None where it suggests none."""
        suggested = float(self.neurons["suggested_cut"][self.neuron_row(ref)])
        return round(suggested, 3) if np.isfinite(suggested) else None

    def neuron_row(self, ref: NeuronRef) -> int:
        """The neuron's row in `neurons`."""
        return self._layer_start[ref.layer] + ref.neuron

    def feature_id(self, ref: FeatureRef) -> int:
        """The feature's row in `features`. Raises KeyError for a feature that does not exist at the default cut."""
        ids = self.feature_ids(ref.of)
        if not 0 <= ref.feature < len(ids):
            raise KeyError(f"this atlas has no feature {ref} at its default cut")
        return ids[ref.feature]

    def feature_ids(self, ref: NeuronRef) -> range:
        """Rows in `features` of one neuron's features at the default cut."""
        row = self.neuron_row(ref)
        return range(int(self._feature_start[row]), int(self._feature_start[row + 1]))

    def feature_ref(self, id: int) -> FeatureRef:
        """The feature in row `id` of `features`."""
        return FeatureRef(*(int(self.features[name][id]) for name in ("layer", "neuron", "feature")))

    def similar(self, ref: FeatureRef, space: str) -> list[tuple[FeatureRef, float]]:
        """The feature's similar features in `space`, best first, with their cosines."""
        id = self.feature_id(ref)
        others, cosines = (self.features[f"{what}_{space}"][id].tolist() for what in ("similar", "cosine"))
        return [(self.feature_ref(other), c) for other, c in zip(others, cosines, strict=True) if other >= 0]

    def text(self, ids: Int[np.ndarray, " n"]) -> list[str]:
        """The text of each token id. It comes from a corpus and a model: escape it before it reaches HTML."""
        return [self.vocab[i] for i in ids]

    @cached_property
    def shown(self) -> list[str]:
        """Every token by id, as `visible` shows it."""
        return [visible(text) for text in self.vocab]

    def window_tokens(self, neuron: Neuron, rows: Int[np.ndarray, " k"]) -> Int[np.ndarray, "k window"]:
        """Token ids around the key token of some rows of a neuron, −1 outside the example."""
        return self.manifest.window.slice(self.tokens, self.lengths, neuron.example[rows], neuron.pos[rows], -1)

    @cached_property
    def brightest(self) -> int:
        """The highest pixel of all images: what is drawn in white. 1 where all are black."""
        found = int(self.images.max(initial=1))
        let_go(self.images)
        return found

    @cached_property
    def search(self) -> SearchIndex:
        return SearchIndex(self.root / "search.sqlite", self.features["size"])

    @cached_property
    def words(self) -> Int[np.ndarray, " n_vocab"]:
        """The number of the word that each token is to a reader; see ne_core/method/naming.py."""
        return word_classes(self.vocab)

    def _layer_of(self, ref: NeuronRef) -> LayerFiles:
        if ref.layer not in self.files or not 0 <= ref.neuron < self.n_neurons(ref.layer):
            raise KeyError(f"this atlas has no neuron {ref}")
        return self.files[ref.layer]

    @cached_property
    def _layer_start(self) -> dict[int, int]:
        counts = [self.n_neurons(layer) for layer in self.layers]
        return dict(zip(self.layers, np.cumsum([0, *counts[:-1]]).tolist(), strict=True))

    @cached_property
    def _feature_start(self) -> Int[np.ndarray, " n_offsets"]:
        return np.concatenate([[0], np.cumsum(self.neurons["n_features"])])
