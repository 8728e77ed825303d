"""The manifest: what an atlas is. Its fields, what each of them means and may be, and the form it is written in.

Fields of type `Shown` are not checked: nothing is computed with them, and they may be anything in a stranger's atlas.
"""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

from ne_core.atlas.schema import MOST_SAMPLED, SCHEMA_VERSION
from ne_core.atlas.typed_json import OPTIONAL, Record, Rule, Shown, between, length, to_json
from ne_core.method.contributions import Parts
from ne_core.method.embeddings import EMBEDDINGS
from ne_core.method.similar import SPACES
from ne_core.text.vocabulary import Vocabulary, vocabulary
from ne_core.text.windows import Window

MOST = 2**53  # numbers that every reader of JSON agrees on
MOST_LAYERS = 2**15 - 1  # as the tables store them
MOST_WINDOW = 4096
Count = Annotated[int, between(0, MOST)]
Sampled = Annotated[int, between(1, MOST_SAMPLED)]
Maybe = Annotated[Shown, OPTIONAL]
KNOWN_SPACES = Rule(f"among {', '.join(SPACES)}, each once", lambda names: len({*names} & {*SPACES}) == len(names))
KNOWN_EMBEDDING = Rule(f"among {', '.join(EMBEDDINGS)}", EMBEDDINGS.__contains__)
NEAR = Rule(f"(from 1 and 0 to {MOST_WINDOW})", lambda w: 1 <= w.back <= MOST_WINDOW and 0 <= w.forward <= MOST_WINDOW)
SIZED = Rule(
    "with its size", lambda files: all(type(f.get("size")) is int and 0 <= f["size"] <= MOST for f in files.values())
)


@dataclass(frozen=True, kw_only=True)
class Model(Record):
    """What was read; `sae` is the autoencoder whose latents are."""

    name: Maybe = None
    family: Maybe = None
    act_fn: Maybe = None
    gated: Maybe = None
    causal: Maybe = None
    sha256: Maybe = None
    sae: Maybe = None


@dataclass(frozen=True, kw_only=True)
class Corpus(Record):
    """Where the examples come from; `more` is how it was read."""

    name: Maybe = None
    sha256: Maybe = None
    n_documents: Maybe = None
    packing: Maybe = None
    notes: Maybe = None


@dataclass(frozen=True, kw_only=True)
class Importance(Record):
    """How many rows have token importances; `masked` and `why` are the way that masked prompts were run."""

    examples: Shown
    passes_allowed: Shown
    rows: Shown
    rows_in_all: Shown
    passes: Shown
    masked: Maybe = ""
    why: Maybe = ""


@dataclass(frozen=True)
class EqualN:
    """At how many `examples` features are compared, by how many `sets`, `orders` of the weights and `directions`."""

    examples: Annotated[int, between(2, MOST_SAMPLED)]
    sets: Sampled
    orders: Sampled
    directions: Sampled


@dataclass(frozen=True, kw_only=True)
class Description(Record):
    """What a build has to say of its atlas: the fields that the arrays cannot tell."""

    name: Annotated[str, length(0, 1000), "what the atlas is called"]
    units: Annotated[
        Literal["neurons", "latents"], "what a neuron is called: neurons, or latents of a sparse autoencoder"
    ]
    layer_names: Annotated[
        tuple[Annotated[str, length(1, 100)], ...] | None,
        "what the layers are called, a name each; null where their numbers say enough",
    ] = None
    model: Annotated[
        Model,
        "name, family, act_fn, gated, causal, sha256 of the weights; sae, the autoencoder whose latents are read",
    ]
    weights: Annotated[Shown, "folded or raw: the form of x and W_in"] = "raw"
    gated_embedding: Annotated[
        Shown, "which weights of a gated neuron make its embedding: gate or in; null for plain MLPs"
    ] = None
    corpus: Annotated[
        Corpus,
        "name, sha256 of the texts used, n_documents, packing, how it was read, notes on what was odd or missing",
    ]
    maxima: Annotated[Shown, "where each neuron's maximum came from: corpus, or the file's sha256"] = field(
        default_factory=lambda: {"from": "corpus"}
    )
    keep: Annotated[Shown, "share of the maximum that an activating example must reach; 0: every activation above 0"]
    max_examples: Annotated[Shown, "the first so many are kept"]
    baselines: Annotated[
        tuple[str, ...],
        length(0, 100),
        "what took a masked token's place, by name, in the order of window_importances; none for images",
    ]
    importance: Annotated[
        Importance | Shown,
        "rows computed, rows in all, masked passes run; examples a feature and passes allowed, null for all; "
        "masked, how masked prompts were run: reuse of keys and values, or recompute, and why not reuse",
    ]
    default_space: Annotated[str, "the one shown first"]
    embedding: Annotated[
        str,
        KNOWN_EMBEDDING,
        "the space whose cosine distances make the trees, by its name in ne_core/method/embeddings.py",
    ]
    default_cut: Annotated[int | float, between(0, 2), "cosine distance at which trees are cut into features"]
    sample_positions: Annotated[
        int, between(0, MOST_SAMPLED), "how many positions the statistics of x and the histograms were counted over"
    ]
    contributions: Annotated[
        Parts | Annotated[str, length(1, 200)],
        "what pre-activations are split into: position, whether positions are embedded; heads of a layer; "
        "own_attention, whether a layer's attention comes before its MLP; or, as a text, why they are not split",
    ]
    inputs: Annotated[bool, "whether the atlas holds x of every kept example: true or false"]
    work_unit: Annotated[Shown, "examples per unit of work in collect"] = 1
    seed: Annotated[Shown, "seed of everything random"] = 0
    dtype: Annotated[Shown, "floating point of the forward passes"] = "float32"
    device: Annotated[Shown, "where they ran"] = "cpu"
    threads: Annotated[Shown, "torch threads they ran on, whose number changes their rounding"] = 1


@dataclass(frozen=True, kw_only=True)
class Manifest(Description):
    """The fields of manifest.json; of those that list a value for each layer, in the order of `layers`."""

    schema_version: Annotated[int, "this document's version"] = SCHEMA_VERSION
    kind: Annotated[Literal["transformer", "images"], "what an example is: transformer (a text) or images"]
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
    spaces: Annotated[tuple[str, ...], KNOWN_SPACES, "spaces that similar features were searched in"]
    logit_effects: Annotated[bool, "whether the atlas holds what neurons do to the logits directly: true or false"]
    compared: Annotated[bool, "whether the atlas compares spaces, in spaces.parquet: true or false"]
    rarefied: Annotated[
        EqualN | None,
        "examples in a random set, sets, orders of the weights, random directions of a layer; null for none",
    ]
    libraries: Annotated[dict[str, Shown], "versions of the libraries that made it"] = field(default_factory=dict)
    clipped: Annotated[
        Annotated[dict[str, Count], length(0, MOST_LAYERS)] | None,
        OPTIONAL,
        "by file, how many of its numbers stand at an end of half precision, ±65,504, and may be any beyond; "
        "absent in atlases that did not count them",
    ] = None
    files: Annotated[dict[str, dict[str, Shown]], SIZED, "sha256 and size of every other file"] = field(
        default_factory=dict
    )

    @property
    def images(self) -> bool:
        """Whether examples are images, of one token each: their label."""
        return self.kind == "images"

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words in which its pages and files speak."""
        return vocabulary(self.units, self.images)

    @cached_property
    def n_neurons_of(self) -> dict[int, int]:
        """By layer."""
        return dict(zip(self.layers, self.n_neurons, strict=True))

    @cached_property
    def d_in_of(self) -> dict[int, int]:
        """By layer."""
        return dict(zip(self.layers, self.d_in, strict=True))

    @property
    def parts(self) -> Parts | None:
        """What pre-activations are split into; None where they are not."""
        return self.contributions if isinstance(self.contributions, Parts) else None

    @property
    def why_no_parts(self) -> str:
        """What the atlas says of that; empty where they are split. A stranger's text."""
        return "" if self.parts else self.contributions

    @property
    def causal(self) -> bool:
        """Whether tokens after the key token are context only: the model had not read them."""
        return self.model.causal is None or bool(self.model.causal)

    @property
    def size(self) -> int:
        """Bytes of all files but the manifest."""
        return sum(entry["size"] for entry in self.files.values())


def manifest_text(manifest: Manifest) -> str:
    """The one form in which a manifest is written: the same fields, the same bytes."""
    return json.dumps(to_json(manifest), indent=1, sort_keys=True, allow_nan=False) + "\n"
