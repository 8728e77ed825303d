"""RunConfig: every option of a build, its effect, and the presets. Defaults live here.

Defaults are those of the paper, except for the embedding (docs/meanings.md has the reasons).
"""

import re
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from glob import glob
from pathlib import Path
from typing import Any

from ne_core.method.embeddings import CENTRED_CUT, DEFAULT, EMBEDDINGS, RAW_CUT, REFERENCE, default_cut
from ne_core.queries.duplicates import ENDING
from ne_core.sharing.destination import check_apart
from precompute.parse import layer_numbers, names, optional, whole_numbers, yes_or_no


class ConfigError(ValueError):
    """Invalid option; the message says in one line what would have worked."""


def knob(
    default: Any,
    help: str,
    parse: Callable[[str], Any] = str,
    metavar: str | None = None,
    fixed: bool = True,
    several: bool = False,
) -> Any:
    """Declare a field that the command line offers as an option of the same name.

    A `fixed` option must keep its value when a stopped run continues. The others say where the work is done, or are
    compared by the value they resolve to on this machine. `several` values are joined by commas.
    """
    metadata = {"help": help, "parse": parse, "metavar": metavar, "fixed": fixed, "several": several}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class RunConfig:
    """Options of one build, checked."""

    name: str | None = knob(None, "name of the atlas; by default the model's name")
    model: str = knob("gpt2", "hub name or local folder of the model to read")
    sae: str | None = knob(
        None,
        "sparse dictionary of this model, whose latents are read instead of neurons, as its encoder computes them "
        "(--weights has no effect): a folder of SAELens, Gemma Scope, sparsify or dictionary_learning, "
        "hf://OWNER/NAME/PATH, or RELEASE/ID of SAELens",
        metavar="DIR|hf://…|RELEASE/ID",
        fixed=False,
    )
    corpus: str = knob(
        "Skylion007/openwebtext",
        "`offline`; files of texts (.txt, .md, .jsonl, .json, .csv, .tsv, .parquet, .arrow, also .gz, .zst, .xz), a "
        "folder or a quoted pattern of them; or a Hugging Face dataset, streamed: NAME[:CONFIG][@SPLIT][#REVISION] or "
        "hf://datasets/OWNER/NAME/PATTERN",
        metavar="CORPUS",
        several=True,
    )
    activations: str | None = knob(
        None,
        "folder of recorded activations (docs/inputs-texts.md), read instead of a model and a corpus; importances, "
        "contributions and logit effects, which need the model, are left out",
        metavar="DIR",
        fixed=False,
    )
    separator: str = knob(
        "auto",
        "separator of documents in a .txt: `auto`: blank lines, and lines with nothing but the model's end-of-text "
        "token or <|endoftext|>; `blank`: blank lines; or a text that is a line of its own",
        metavar="TEXT",
    )
    text_field: str | None = knob(
        None, "the field of records that holds the text: a text, a list of texts or chat turns; a.b is b within a"
    )
    packing: str = knob("packed", "`packed`: documents joined and cut into examples; `one`: one document per example")
    examples: int = knob(10_000, "dataset examples to read: more examples find rarer features and take longer", int)
    context: int = knob(128, "tokens per example", int)
    layers: tuple[int, ...] | None = knob(
        None, "layers to read, as 0,1,2 or 0-2,5; `all`", optional(layer_numbers), "0,1,…"
    )
    keep: float = knob(0.75, "share of a neuron's maximum that an example must reach: lower keeps weaker ones", float)
    max_examples: int = knob(100, "maximum number of examples stored per neuron, the first in corpus order", int)
    near_duplicates: str = knob(
        "keep",
        "`keep`: every activating example counts; `drop`: of examples of a neuron whose texts have the same last "
        f"{ENDING} characters up to and including the key token, only the first is stored and counted",
    )
    maxima: str | None = knob(
        None,
        "maxima to use instead: a .csv or .parquet with layer, neuron, maximum; an array [layers neurons]; or pages of "
        "Neuroscope or features of Neuronpedia (docs/inputs-texts.md)",
        metavar="PATH",
    )
    mask: tuple[str, ...] = knob(
        (), "masks: mask-token, mean-embedding or token:TEXT, separated by commas; by default the mask token",
        names, "NAME,…",
    )  # fmt: skip
    window: tuple[int, ...] = knob(
        (20, 10), "tokens shown up to and including the key token, and after it", whole_numbers, "BACK,FORWARD"
    )
    weights: str = knob("folded", "`folded`: the norm before the MLP belongs to the weights; `raw`: it does not")
    gated_embedding: str = knob("gate", "which weights of a gated neuron make its embedding: `gate` or `in`")
    embedding: str = knob(
        DEFAULT, f"embedding in which features are clusters: {', '.join(EMBEDDINGS)}", metavar="SPACE"
    )
    cut: float | None = knob(
        None,
        "cosine distance at which trees are cut into features: a lower cut makes more, purer features; by default "
        f"{RAW_CUT} for neuron and pre_mlp, {CENTRED_CUT} for the others",
        float,
    )
    rarefy: int = knob(
        20, "examples in the random sets with which neurons are compared: larger sets compare fewer neurons; 0: none",
        int,
    )  # fmt: skip
    directions: int = knob(100, "random directions per layer, the baseline of its neurons", int)
    importance_examples: int | None = knob(
        None, "number of each feature's most central examples to compute token importance for; or `all`", optional(int)
    )
    importance_passes: int | None = knob(
        None, "maximum number of masked passes for token importance; or `all`", optional(int)
    )
    contributions: bool = knob(
        True,
        "split pre-activations into contributions of embeddings, heads and MLPs, if the model allows it: yes or no",
        yes_or_no,
        "yes|no",
    )
    device: str = knob(
        "auto", "device of the model: cpu, cuda, cuda:N, or auto: cuda if available, otherwise cpu", fixed=False
    )
    dtype: str = knob("float32", "floating point of the forward passes: float32, bfloat16 or float16")
    threads: int | None = knob(
        None, "threads of a forward pass (the number changes its rounding), or `all` cores", optional(int), fixed=False
    )
    work_unit: int = knob(32, "examples per unit of work: a killed run loses at most one unit", int)
    sample_positions: int = knob(
        8192, "randomly sampled positions for each neuron's histogram and each layer's covariance", int
    )
    inputs: bool = knob(
        True, "store x of activating examples, for evaluate and the pages Spaces and Prompt: yes or no", yes_or_no,
        "yes|no",
    )  # fmt: skip
    seed: int = knob(0, "seed of all random numbers", int)
    engine: str = knob("local", "engine that runs the work: `local`, or `ray` for a Ray cluster", fixed=False)
    address: str | None = knob(
        None, "address of the Ray cluster: HOST:PORT, ray://HOST:PORT or auto; by default one is started here",
        fixed=False,
    )  # fmt: skip
    out: str | None = knob(None, "folder of the atlas; by default data/NAME", metavar="DIR", fixed=False)

    def __post_init__(self):
        for message, is_wrong in (
            (f"keep: {self.keep} is not above 0 and at most 1", not 0 < self.keep <= 1),
            (
                f"embedding: {self.embedding!r} is not one of {', '.join(EMBEDDINGS)}",
                self.embedding not in EMBEDDINGS,
            ),
            (f"cut: {self.cut} is not between 0 and 2", self.cut is not None and not 0 <= self.cut <= 2),
            (f"packing: {self.packing!r} is not packed or one", self.packing not in ("packed", "one")),
            ("separator: give a text of one line", not self.separator.strip() or "\n" in self.separator),
            (
                f"near-duplicates: {self.near_duplicates!r} is not keep or drop",
                self.near_duplicates not in NEAR_DUPLICATES,
            ),
            (f"weights: {self.weights!r} is not folded or raw", self.weights not in ("folded", "raw")),
            (
                f"gated-embedding: {self.gated_embedding!r} is not gate or in",
                self.gated_embedding not in ("gate", "in"),
            ),
            (f"device: {self.device!r} is not auto, cpu, cuda or cuda:N", not DEVICES.fullmatch(self.device)),
            (f"dtype: {self.dtype!r} is not float32, bfloat16 or float16", self.dtype not in DTYPES),
            (f"examples: {self.examples} is not 1 or more", self.examples < 1),
            (f"context: {self.context} is not between 2 and 32767", not 2 <= self.context < 2**15),
            (f"max-examples: {self.max_examples} is not between 1 and 32767", not 1 <= self.max_examples < 2**15),
            (f"rarefy: {self.rarefy} is neither 0 nor between 2 and 32767", self.rarefy not in (0, *range(2, 2**15))),
            (f"directions: {self.directions} is not between 1 and 32767", not 1 <= self.directions < 2**15),
            (f"work-unit: {self.work_unit} is not 1 or more", self.work_unit < 1),
            (f"window: {self.window} is not BACK,FORWARD with BACK 1 or more", not is_window(self.window)),
            (f"threads: {self.threads} is not 1 or more", self.threads is not None and self.threads < 1),
            (
                f"sample-positions: {self.sample_positions} is not between 2 and 32767",
                not 2 <= self.sample_positions < 2**15,
            ),
            (f"engine: {self.engine!r} is not local or ray", self.engine not in ("local", "ray")),
            (
                "address: this is the address of a Ray cluster: add --engine ray",
                bool(self.address) and self.engine != "ray",
            ),
            (f"importance-examples: {self.importance_examples} is below 0", (self.importance_examples or 0) < 0),
            (f"importance-passes: {self.importance_passes} is below 0", (self.importance_passes or 0) < 0),
            ("layers: name at least one", self.layers == ()),
            ("activations: these are read instead of a model: leave --sae out", bool(self.sae and self.activations)),
            (
                "layers: an autoencoder has a fixed layer: leave --layers out",
                bool(self.sae) and self.layers is not None,
            ),
            (f"name: {self.name!r} is not a plain name of a directory", not is_plain(self.name)),
        ):
            if is_wrong:
                raise ConfigError(message)

    @property
    def atlas_name(self) -> str:
        named_after = Path(self.activations or self.sae or self.model)
        if self.name or named_after.exists():
            return self.name or named_after.resolve().name
        return published_name(self.sae) if self.sae and not self.activations else named_after.name

    @property
    def default_cut(self) -> float:
        return default_cut(self.embedding) if self.cut is None else self.cut

    @property
    def directory(self) -> Path:
        return Path(self.out or f"data/{self.atlas_name}")

    def check_inputs_apart(self) -> None:
        """Raise WriteError if an input is inside the output folder."""
        texts = (path for part in self.corpus.split(",") for path in glob(part, recursive=True))
        check_apart(self.directory, self.model, self.corpus, *texts, self.sae, self.maxima, self.activations)

    @property
    def settings(self) -> dict[str, Any]:
        """Fixed options, by the name of the option."""
        return {f.name.replace("_", "-"): getattr(self, f.name) for f in knobs() if f.metadata["fixed"]}

    def with_options(self, options: dict[str, Any]) -> "RunConfig":
        """Return a copy with some options changed.

        Another model takes over neither name nor masks of the preset; another autoencoder does not take over the name.
        """
        masks = {"mask": ()} if "model" in options else {}
        name = {"name": None} if {"model", "sae", "activations"} & set(options) else {}
        return replace(self, **{**masks, **name, **options})


DEVICES = re.compile(r"auto|cpu|cuda(:\d+)?")
MAX_NAME = 90
NEAR_DUPLICATES = ("keep", "drop")
DTYPES = ("float32", "bfloat16", "float16")


def is_window(window: tuple[int, ...]) -> bool:
    return len(window) == 2 and window[0] >= 1 and window[1] >= 0


def is_plain(name: str | None) -> bool:
    return name is None or (name not in ("", ".", "..") and not set(name) & set("/\\\0\n"))


def published_name(sae: str) -> str:
    """Return the name of a dictionary on the hub, or of a release: of one line, without the hub's owner and version."""
    path = sae.removeprefix("hf://").partition("/")[2] if sae.startswith("hf://") else sae
    return re.sub(r"[^\w.-]+", "-", re.sub(r"@[^/]*", "", path), flags=re.ASCII).strip("-.")[:MAX_NAME]


def knobs() -> list[Field]:
    return [f for f in fields(RunConfig) if f.default is not MISSING]


PRESETS = {
    "demo": RunConfig(
        name="demo",
        model="data/models/demo",
        corpus="offline",
        examples=2_000,
        mask=("mask-token", "mean-embedding"),  # two, to show where the choice of the mask makes a difference
        importance_examples=1,
        importance_passes=60_000,
        device="cpu",  # the same bytes on every machine of the same kind
    ),
    "gpt2-small": RunConfig(name="gpt2-small", embedding=REFERENCE),  # the paper's run: its embedding and its cut
    "gpt2-laptop": RunConfig(
        name="gpt2",
        examples=2_000,
        max_examples=50,  # the stored x are most of the disk
        importance_examples=1,
        importance_passes=20_000,
    ),
}


def preset(name: str | None) -> RunConfig:
    """Options of a preset; without one, the defaults."""
    return PRESETS[name] if name else RunConfig(name="gpt2-small")
