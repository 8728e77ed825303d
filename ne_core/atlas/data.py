"""AtlasData: the contents of an open atlas, with memory-mapped columns. See `Atlas.open` in opening.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8

from ne_core.atlas.arrays import release_pages
from ne_core.atlas.documents import DocumentTable
from ne_core.atlas.inputs import Inputs
from ne_core.atlas.manifest import Manifest
from ne_core.atlas.schema import CONTRIBUTIONS
from ne_core.atlas.search import SearchIndex
from ne_core.errors import AtlasError
from ne_core.method.comparison import Comparison
from ne_core.method.contributions import Contributions
from ne_core.method.embeddings import Embedder
from ne_core.method.layer import NeuronLayer
from ne_core.method.logits import LogitEffects, logit_effects
from ne_core.method.naming import word_classes
from ne_core.method.statistics import Histogram, InputStatistics, symmetric
from ne_core.method.trees.clear_cut import suggested_cut
from ne_core.method.trees.cluster import central_examples, cut
from ne_core.refs import FeatureRef, NeuronRef
from ne_core.text.token_text import visible

LONGEST_FACT = 500  # characters
BY_ROW = (
    "example", "pos", "activation", "feature", "center_distance", "window_activations", "window_importances",
)  # fmt: skip


@dataclass(frozen=True)
class Neuron:
    """Activating examples of one neuron, a row each, in corpus order, and the tree over them in an embedding.

    `feature` is at the default cut of the embedding; `center_distance` is the cosine distance of each example to the
    mean direction of its feature there. `suggested_cut` is the cut suggested by the tree, to three digits, or None.
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
    embedding: str
    default_cut: float
    suggested_cut: float | None

    def __len__(self) -> int:
        return len(self.example)

    def features(self, distance: float) -> Int[np.ndarray, " n"]:
        """Compute the feature of each example at any cut."""
        return cut(self.tree, distance) if len(self) else np.zeros(0, dtype=np.int64)

    def central(self, distance: float) -> Int[np.ndarray, " n_features"]:
        """Compute the row of the central example of each feature at any cut."""
        return central_examples(self.tree, self.merge_central, distance) if len(self) else np.zeros(0, dtype=np.int64)


def readable_cut(suggested: float) -> float | None:
    """Round a suggested cut to three digits; None for NaN."""
    return round(suggested, 3) if np.isfinite(suggested) else None


def facts_table(title: str, facts: Mapping[str, object]) -> str:
    """Return an HTML table of facts, every text escaped."""
    cell = lambda text: escape(visible(str(text)[:LONGEST_FACT]))  # noqa: E731
    rows = "".join(f"<tr><th>{cell(name)}</th><td>{cell(value)}</td></tr>" for name, value in facts.items())
    return f"<table><caption>{cell(title)}</caption>{rows}</table>"


@dataclass(frozen=True)
class LayerFiles:
    """Columns of one layer as on disk; optional ones are None if the atlas does not have them.

    `inputs` are the x of its rows, `logits` the effects on logits, `random` the measures of random directions,
    `other_trees` the trees of a further embedding.
    """

    offsets: Int[np.ndarray, " n_offsets"]
    columns: dict[str, np.ndarray]
    inputs: Inputs | None
    logits: dict[str, np.ndarray] | None
    contributions: dict[str, np.ndarray] | None
    random: dict[str, np.ndarray] | None
    other_trees: dict[str, np.ndarray] | None = None

    @cached_property
    def tree_offsets(self) -> Int[np.ndarray, " n_offsets"]:
        """Offsets of merges: those of neuron j are tree_offsets[j]:tree_offsets[j+1], n − 1 for n ≥ 1 examples."""
        return np.concatenate([[0], np.cumsum(np.maximum(np.diff(self.offsets) - 1, 0))])

    def rows(self, neuron: int) -> slice:
        """Rows of the layer that are a neuron's examples."""
        return slice(*self.offsets[neuron : neuron + 2].tolist())

    def merges(self, neuron: int) -> slice:
        """Rows of the layer's trees that are a neuron's merges."""
        return slice(*self.tree_offsets[neuron : neuron + 2].tolist())


@dataclass(frozen=True, repr=False)
class AtlasData:
    """Contents of an open atlas, read-only. `ne_core.export.frames` converts it to DataFrames.

    `images` is None if the examples are texts, `comparison` if spaces are not compared, `fires` if firings of features
    were not counted, `documents` if the sources of examples are not known. `slug` is its name in URLs.
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
    fires: Int[np.ndarray, " n_features"] | None
    slug: str
    documents: DocumentTable | None = None

    def __repr__(self) -> str:
        examples = "texts" if self.images is None else "images"
        units = self.manifest.units
        sizes = {units: self.neurons["layer"], "features": self.features["layer"], examples: self.tokens}
        counts = ", ".join(f"{len(column):,} {name}" for name, column in sizes.items())
        return (
            f"Atlas({str(self.root)!r}: {self.manifest.name!r} of model {self.manifest.model.name!r}, "
            f"{len(self.layers)} layers, {counts}; cut {self.manifest.default_cut:g})"
        )

    def _repr_html_(self) -> str:
        """Return a table for notebooks; names are untrusted and escaped."""
        manifest, units = self.manifest, self.manifest.units
        facts = {
            "model": manifest.model.name,
            "corpus": manifest.corpus.name,
            "layers": len(self.layers),
            units: f"{len(self.neurons['layer']):,}",
            "features": f"{len(self.features['layer']):,}",
            "texts" if self.images is None else "images": f"{len(self.tokens):,}",
            "embedding": manifest.embedding,
            "cut": f"{manifest.default_cut:g}",
            "folder": self.root,
        }
        return facts_table(f"Atlas {manifest.name}", facts)

    @property
    def layers(self) -> tuple[int, ...]:
        """The numbers of the layers, ascending."""
        return self.manifest.layers

    def n_neurons(self, layer: int) -> int:
        """Number of neurons of the layer."""
        return self.manifest.n_neurons_of[layer]

    def weights(self, layer: int) -> NeuronLayer:
        """Input weights and biases of the layer."""
        columns = self.files[layer].columns
        return NeuronLayer(columns["W_in"], columns["b_in"])

    def input_statistics(self, layer: int) -> InputStatistics:
        """Return mean and covariance of a layer's x over the sample. Raises KeyError for an unknown layer."""
        columns = self.files[layer].columns
        mean = columns["input_mean"]
        return InputStatistics(mean, symmetric(columns["input_covariance"], len(mean)))

    def embedder(self, layer: int) -> Embedder:
        """Return the embedder of a layer's examples. Raises KeyError for an unknown layer."""
        return Embedder(self.input_statistics(layer))

    def histogram(self, ref: NeuronRef) -> Histogram:
        """Return the histogram of a neuron's activations over the sample. Raises KeyError for an unknown neuron."""
        columns = self._layer_of(ref).columns
        low, high = columns["histogram_range"][ref.neuron].tolist()
        return Histogram(columns["histogram"][ref.neuron], low, high)

    def logit_effects(self, ref: NeuronRef) -> LogitEffects | None:
        """Return the direct effects of a neuron on logits; None if the atlas does not have them.

        Raises KeyError for an unknown neuron.
        """
        columns = self._layer_of(ref).logits
        return logit_effects(columns, ref.neuron) if columns else None

    def contributions(self, ref: NeuronRef) -> Contributions | None:
        """Return the contributions to the pre-activations of `neuron(ref)`'s rows; None if they are not split.

        Raises KeyError for an unknown neuron.
        """
        layer, parts = self._layer_of(ref), self.manifest.parts
        if parts is None:
            return None
        rows = layer.rows(ref.neuron)
        columns = (layer.contributions[spec.file.removesuffix(".npy")][rows] for spec in CONTRIBUTIONS)
        return Contributions(parts.part_list(ref.layer), *columns)

    def neuron_inputs(self, ref: NeuronRef) -> Float[np.ndarray, "n d_in"]:
        """Return x at the key tokens of `neuron(ref)`'s rows, read from disk.

        Raises KeyError for an unknown neuron, AtlasError if the atlas was built without inputs.
        """
        rows = self._layer_of(ref).rows(ref.neuron)
        return self.layer_inputs(ref.layer).of(rows)

    def layer_inputs(self, layer: int) -> Inputs:
        """Return x of all rows of a layer. Raises AtlasError if the atlas was built without inputs."""
        inputs = self.files[layer].inputs
        if inputs is None:
            raise AtlasError(f"{self.root} holds no inputs of its examples: build it again with --inputs yes")
        return inputs

    def neuron(self, ref: NeuronRef) -> Neuron:
        """Return a neuron's rows, and their tree in the atlas's embedding. Raises KeyError for an unknown neuron."""
        layer = self._layer_of(ref)
        rows, merges = layer.rows(ref.neuron), layer.merges(ref.neuron)
        by_row = {name: layer.columns[name][rows] for name in BY_ROW}
        by_merge = {"tree": layer.columns["trees"][merges], "merge_central": layer.columns["merge_central"][merges]}
        of_tree = {"default_cut": self.manifest.default_cut, "suggested_cut": self.suggested_cut(ref, by_merge["tree"])}
        return Neuron(ref, **by_row, **by_merge, embedding=self.manifest.embedding, **of_tree)

    def lists(self, neuron: Neuron, cut: float) -> bool:
        """True if `features` lists the neuron's features at a cut: those of the atlas's embedding and cut."""
        return neuron.embedding == self.manifest.embedding and cut == self.manifest.default_cut

    def suggested_cut(self, ref: NeuronRef, tree: Float[np.ndarray, "m 4"]) -> float | None:
        """Return the cut suggested by a tree, or None; computed, since older atlases store that of another rule."""
        background = float(self.neurons["background_distance"][self.neuron_row(ref)])
        return suggested_cut(tree, background, self.manifest.embedding)

    def neuron_row(self, ref: NeuronRef) -> int:
        """Return the neuron's row in `neurons`. Raises KeyError for an unknown layer."""
        return self._layer_start[ref.layer] + ref.neuron

    def feature_id(self, ref: FeatureRef) -> int:
        """Return the feature's row in `features`. Raises KeyError for an unknown feature at the default cut."""
        ids = self.feature_ids(ref.of)
        if not 0 <= ref.feature < len(ids):
            raise KeyError(f"this atlas has no feature {ref} at its default cut")
        return ids[ref.feature]

    def feature_ids(self, ref: NeuronRef) -> range:
        """Return the rows in `features` of one neuron's features at the default cut."""
        row = self.neuron_row(ref)
        return range(int(self._feature_start[row]), int(self._feature_start[row + 1]))

    def feature_ref(self, id: int) -> FeatureRef:
        """Return the reference of row `id` of `features`."""
        return FeatureRef(*(int(self.features[name][id]) for name in ("layer", "neuron", "feature")))

    def similar(self, ref: FeatureRef, space: str) -> list[tuple[FeatureRef, float]]:
        """Return the features similar to one in `space`, best first, with their cosines."""
        id = self.feature_id(ref)
        others, cosines = (self.features[f"{what}_{space}"][id].tolist() for what in ("similar", "cosine"))
        return [(self.feature_ref(other), c) for other, c in zip(others, cosines, strict=True) if other >= 0]

    def text(self, ids: Int[np.ndarray, " n"]) -> list[str]:
        """Return the text of each token id. It is untrusted: escape it in HTML."""
        return [self.vocab[i] for i in ids]

    @cached_property
    def visible_tokens(self) -> list[str]:
        """Text of every token by id, with invisible characters replaced (`visible`)."""
        return [visible(text) for text in self.vocab]

    def window_tokens(self, neuron: Neuron, rows: Int[np.ndarray, " k"]) -> Int[np.ndarray, "k window"]:
        """Return the token ids around the key token of some rows of a neuron, −1 outside the example."""
        return self.manifest.window.slice(self.tokens, self.lengths, neuron.example[rows], neuron.pos[rows], -1)

    @cached_property
    def brightest(self) -> int:
        """Highest pixel of all images, drawn in white; at least 1."""
        highest = int(self.images.max(initial=1))
        release_pages(self.images)
        return highest

    @cached_property
    def search(self) -> SearchIndex:
        """The index of words and key tokens."""
        return SearchIndex(self.root / "search.sqlite", self.features["size"])

    @cached_property
    def words(self) -> Int[np.ndarray, " n_vocab"]:
        """Word number of each token; see `word_classes` in ne_core/method/naming.py."""
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
