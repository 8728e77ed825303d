"""The manifest of an atlas: its fields, their meanings and allowed values, and its written form.

Fields of type `Unchecked` may be anything in an untrusted atlas: they are shown, and no computation uses them.
"""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

from ne_core.atlas.schema import MOST_SAMPLED, SCHEMA_VERSION
from ne_core.atlas.typed_json import OPTIONAL, Record, Rule, Unchecked, between, length, to_json
from ne_core.method.contributions import Parts
from ne_core.method.embeddings import EMBEDDINGS
from ne_core.method.similar import SPACES
from ne_core.text.vocabulary import Vocabulary, vocabulary
from ne_core.text.windows import Window

MOST = 2**53  # largest whole number that is exact in every JSON reader
MOST_LAYERS = 2**15 - 1  # layer numbers are int16 in the tables
MOST_WINDOW = 4096
Count = Annotated[int, between(0, MOST)]
Sampled = Annotated[int, between(1, MOST_SAMPLED)]
Maybe = Annotated[Unchecked, OPTIONAL]
KNOWN_SPACES = Rule(f"among {', '.join(SPACES)}, each once", lambda names: len({*names} & {*SPACES}) == len(names))
KNOWN_EMBEDDING = Rule(f"among {', '.join(EMBEDDINGS)}", EMBEDDINGS.__contains__)
NEAR = Rule(f"(from 1 and 0 to {MOST_WINDOW})", lambda w: 1 <= w.back <= MOST_WINDOW and 0 <= w.forward <= MOST_WINDOW)
SIZED = Rule(
    "with its size", lambda files: all(type(f.get("size")) is int and 0 <= f["size"] <= MOST for f in files.values())
)


@dataclass(frozen=True, kw_only=True)
class Model(Record):
    """Model that was read; `sae` is the autoencoder whose latents are the units."""

    name: Maybe = None
    family: Maybe = None
    act_fn: Maybe = None
    gated: Maybe = None
    causal: Maybe = None
    sha256: Maybe = None
    sae: Maybe = None


@dataclass(frozen=True, kw_only=True)
class Corpus(Record):
    """Source of the examples; `extra` says how it was read."""

    name: Maybe = None
    sha256: Maybe = None
    n_documents: Maybe = None
    packing: Maybe = None
    notes: Maybe = None


@dataclass(frozen=True, kw_only=True)
class Importance(Record):
    """Amount of token importances; `masked` and `why` tell how masked prompts were run."""

    examples: Unchecked
    passes_allowed: Unchecked
    rows: Unchecked
    rows_in_all: Unchecked
    passes: Unchecked
    masked: Maybe = ""
    why: Maybe = ""


@dataclass(frozen=True)
class EqualN:
    """Comparison at equal numbers of `examples`: numbers of random `sets`, `orders` of the weights and `directions`."""

    examples: Annotated[int, between(2, MOST_SAMPLED)]
    sets: Sampled
    orders: Sampled
    directions: Sampled


@dataclass(frozen=True)
class Density:
    """Count of firings: at `share` of the neuron's maximum or more, over `positions` tokens that were looked at."""

    share: Annotated[int | float, between(0, 1)]
    positions: Annotated[int, between(1, MOST)]


@dataclass(frozen=True)
class OtherTrees:
    """Further trees of the same examples: their `embedding`, and the `cut` of their features."""

    embedding: Annotated[str, KNOWN_EMBEDDING]
    cut: Annotated[int | float, between(0, 2)]


@dataclass(frozen=True, kw_only=True)
class Description(Record):
    """Fields of a manifest that a build supplies, since they do not follow from the arrays."""

    name: Annotated[str, length(0, 1000), "name of the atlas"]
    units: Annotated[Literal["neurons", "latents"], "neurons, or latents of a sparse autoencoder"]
    layer_names: Annotated[
        tuple[Annotated[str, length(1, 100)], ...] | None,
        "names of the layers; null if they have numbers only",
    ] = None
    model: Annotated[
        Model,
        "name, family, act_fn, gated, causal, sha256 of the weights; sae: the autoencoder whose latents are read",
    ]
    weights: Annotated[Unchecked, "folded or raw: the form of x and W_in"] = "raw"
    gated_embedding: Annotated[
        Unchecked, "weights of a gated neuron used for its embedding: gate or in; null for plain MLPs"
    ] = None
    corpus: Annotated[
        Corpus,
        "name, sha256 of the texts used, n_documents, packing, how it was read, notes on odd or missing texts",
    ]
    documents: Annotated[
        Literal["package", "file", "data set"] | None,
        OPTIONAL,
        "groups of the documents whose names the atlas has, in documents/: package, file or data set; else absent",
    ] = None
    maxima: Annotated[Unchecked, "source of each neuron's maximum: corpus, or the file's sha256"] = field(
        default_factory=lambda: {"from": "corpus"}
    )
    keep: Annotated[
        Unchecked, "share of the maximum that an activating example must reach; 0: every activation above 0"
    ]
    max_examples: Annotated[Unchecked, "maximum examples stored for a neuron, the first ones"]
    near_duplicates: Annotated[
        Literal["kept", "dropped"],
        OPTIONAL,
        "kept, or dropped: of examples of a neuron that end alike at the key token, the atlas has the first only; kept "
        "if absent",
    ] = "kept"
    baselines: Annotated[
        tuple[str, ...],
        length(0, 100),
        "names of the replacements of a masked token, in the order of window_importances; empty for images",
    ]
    importance: Annotated[
        Importance | Unchecked,
        "rows computed, rows in all, masked passes run; examples per feature and passes allowed, null for all; "
        "masked: whether masked prompts reused keys and values or recomputed them, and why",
    ]
    default_space: Annotated[str, "the space shown first"]
    embedding: Annotated[
        str,
        KNOWN_EMBEDDING,
        "space of the cosine distances of the trees, by its name in ne_core/method/embeddings.py",
    ]
    default_cut: Annotated[int | float, between(0, 2), "cosine distance at which trees are cut into features"]
    sample_positions: Annotated[
        int, between(0, MOST_SAMPLED), "number of positions of the statistics of x and the histograms"
    ]
    contributions: Annotated[
        Parts | Annotated[str, length(1, 200)],
        "parts of the pre-activations: position, whether positions are embedded; heads per layer; "
        "own_attention, whether a layer's attention comes before its MLP; or a text that says why they are not split",
    ]
    inputs: Annotated[bool, "whether the atlas holds x of every stored example: true or false"]
    work_unit: Annotated[Unchecked, "examples per unit of work in collect"] = 1
    seed: Annotated[Unchecked, "seed of everything random"] = 0
    dtype: Annotated[Unchecked, "floating point of the forward passes"] = "float32"
    device: Annotated[Unchecked, "device of the forward passes"] = "cpu"
    threads: Annotated[Unchecked, "torch threads of the forward passes; their number changes the rounding"] = 1


@dataclass(frozen=True, kw_only=True)
class Manifest(Description):
    """Fields of manifest.json; fields with a value per layer are in the order of `layers`."""

    schema_version: Annotated[int, "version of this document"] = SCHEMA_VERSION
    kind: Annotated[Literal["transformer", "images"], "kind of examples: transformer (texts) or images"]
    layers: Annotated[tuple[Annotated[int, between(0, MOST_LAYERS)], ...], "the model's layers in the atlas, ascending"]
    n_neurons: Annotated[tuple[Annotated[int, between(1, MOST)], ...], "neurons in each of them"]
    d_in: Annotated[tuple[Count, ...], "input width of each of them"]
    n_examples: Annotated[Count, "dataset examples"]
    n_ctx: Annotated[Count, "positions of an example"]
    window: Annotated[
        Window,
        NEAR,
        "back (up to and including the key token) and forward",
    ]
    spaces: Annotated[
        tuple[str, ...],
        KNOWN_SPACES,
        "spaces that similar features were searched in, by their names in ne_core/method/similar.py",
    ]
    logit_effects: Annotated[bool, "whether the atlas holds direct effects of neurons on logits: true or false"]
    compared: Annotated[bool, "whether the atlas compares spaces, in spaces.parquet: true or false"]
    rarefied: Annotated[
        EqualN | None,
        "examples in a random set, sets, orders of the weights, random directions of a layer; null for none",
    ]
    density: Annotated[
        Density | None,
        OPTIONAL,
        "share of the maximum from which a neuron fires, and tokens read, where firings were counted; else absent",
    ] = None
    other_trees: Annotated[
        OtherTrees | None,
        OPTIONAL,
        "embedding and cut of further trees, where they are stored beside the atlas's own; else null or absent",
    ] = None
    clear_cuts: Annotated[
        bool | None,
        OPTIONAL,
        "true: suggested cuts are clear cuts (ne_core/method/trees/clear_cut.py); absent: those of an older rule",
    ] = None
    libraries: Annotated[dict[str, Unchecked], "versions of the libraries that wrote it"] = field(default_factory=dict)
    clipped: Annotated[
        Annotated[dict[str, Count], length(0, MOST_LAYERS)] | None,
        OPTIONAL,
        "number of values per file clipped at ±65,504, the limits of half precision; absent in older atlases",
    ] = None
    files: Annotated[dict[str, dict[str, Unchecked]], SIZED, "sha256 and size of every other file"] = field(
        default_factory=dict
    )

    @property
    def images(self) -> bool:
        """True if examples are images, of one token each: their label."""
        return self.kind == "images"

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Vocabulary of pages and files about the atlas."""
        return vocabulary(self.units, self.images)

    @cached_property
    def n_neurons_of(self) -> dict[int, int]:
        """Number of neurons by layer."""
        return dict(zip(self.layers, self.n_neurons, strict=True))

    @cached_property
    def d_in_of(self) -> dict[int, int]:
        """Input width by layer."""
        return dict(zip(self.layers, self.d_in, strict=True))

    @property
    def parts(self) -> Parts | None:
        """Parts of the pre-activations; None if they are not split."""
        return self.contributions if isinstance(self.contributions, Parts) else None

    @property
    def why_no_parts(self) -> str:
        """Reason why pre-activations are not split, an untrusted text; empty if they are."""
        return "" if self.parts else self.contributions

    @property
    def causal(self) -> bool:
        """True if the model had not read the tokens after the key token."""
        return self.model.causal is None or bool(self.model.causal)

    @property
    def size(self) -> int:
        """Total bytes of all files except the manifest."""
        return sum(entry["size"] for entry in self.files.values())


def manifest_text(manifest: Manifest) -> str:
    """Serialise a manifest: the same fields give the same bytes."""
    return json.dumps(to_json(manifest), indent=1, sort_keys=True, allow_nan=False) + "\n"
