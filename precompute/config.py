"""RunConfig: every choice of a build, what turning it does, and the presets. Defaults live here.

They are the paper's but for the embedding, of which docs/meanings.md says why.
"""

import re
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ne_core.method.embeddings import CENTRED_CUT, DEFAULT, EMBEDDINGS, RAW_CUT, default_cut
from precompute.parse import layer_numbers, names, optional, whole_numbers, yes_or_no


class ConfigError(ValueError):
    """A choice that cannot be; the message says in one line what would have worked."""


def knob(
    default: Any, help: str, parse: Callable[[str], Any] = str, metavar: str | None = None, fixed: bool = True
) -> Any:
    """A field that the command line offers as an option of the same name.

    A `fixed` one must be the same when a run that was stopped goes on. The others say where the work is done, or are
    compared as what they turn out to mean on this machine.
    """
    metadata = {"help": help, "parse": parse, "metavar": metavar, "fixed": fixed}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class RunConfig:
    """The choices of one build, checked."""

    name: str | None = knob(None, "what the atlas is called; unless told, the model's name")
    model: str = knob("gpt2", "hub name or local folder of the model to read")
    sae: str | None = knob(
        None,
        "folder of a sparse autoencoder of this model, as SAELens saves it (cfg.json, sae_weights.safetensors): its "
        "latents are read instead of neurons, as its encoder does whatever --weights says",
        metavar="DIR",
        fixed=False,
    )
    corpus: str = knob(
        "Skylion007/openwebtext",
        "`offline`, a .txt, .jsonl or .parquet file, or a Hugging Face dataset, streamed: NAME[:CONFIG][@SPLIT]",
    )
    separator: str = knob(
        "auto",
        "what divides a .txt into documents: `auto`: blank lines, and lines with the model's end-of-text or "
        "<|endoftext|> alone; `blank`: blank lines; or a text, which lines must hold alone",
        metavar="TEXT",
    )
    text_field: str | None = knob(None, "the field of a .jsonl, .parquet or dataset that holds the text")
    packing: str = knob("packed", "`packed`: documents in a row, cut into examples; `one`: a document an example")
    examples: int = knob(10_000, "dataset examples to read: more finds rarer features and takes longer", int)
    context: int = knob(128, "tokens of an example", int)
    layers: tuple[int, ...] | None = knob(
        None, "layers to read, as 0,1,2 or 0-2,5; `all`", optional(layer_numbers), "0,1,…"
    )
    keep: float = knob(0.75, "share of a neuron's maximum that an example must reach: lower keeps weaker ones", float)
    max_examples: int = knob(100, "the first so many examples of a neuron are kept", int)
    maxima: str | None = knob(None, "file of maxima to use instead: .csv or .parquet with layer, neuron, maximum")
    mask: tuple[str, ...] = knob(
        (), "what masks: mask-token, mean-embedding or token:TEXT, several by commas; unless told, the mask token",
        names, "NAME,…",
    )  # fmt: skip
    window: tuple[int, ...] = knob(
        (20, 10), "tokens shown up to and including the key token, and after it", whole_numbers, "BACK,FORWARD"
    )
    weights: str = knob("folded", "`folded`: the norm before the MLP belongs to the weights; `raw`: it does not")
    gated_embedding: str = knob("gate", "which weights of a gated neuron make its embedding: `gate` or `in`")
    embedding: str = knob(DEFAULT, f"the space that features are clusters in: {', '.join(EMBEDDINGS)}", metavar="SPACE")
    cut: float | None = knob(
        None,
        "cosine distance at which trees are cut into features: lower makes more, purer ones; unless told, "
        f"{RAW_CUT} for neuron and pre_mlp, {CENTRED_CUT} for the others",
        float,
    )
    rarefy: int = knob(
        20, "examples in the random sets at which neurons are compared: more tells more of fewer neurons; 0: not", int
    )
    directions: int = knob(100, "random directions of each layer that its neurons are compared with", int)
    importance_examples: int | None = knob(
        None, "compute token importance for so many of each feature's most central examples; `all`", optional(int)
    )
    importance_passes: int | None = knob(
        None, "stop computing token importance after so many masked passes; `all`", optional(int)
    )
    contributions: bool = knob(
        True,
        "split every pre-activation into what wrote it, where the model's form allows it: yes or no",
        yes_or_no,
        "yes|no",
    )
    device: str = knob(
        "auto", "where the model runs: cpu, cuda, cuda:N, or auto for cuda where there is one", fixed=False
    )
    dtype: str = knob("float32", "floating point of the forward passes: float32, bfloat16 or float16")
    threads: int | None = knob(
        None, "threads of a forward pass, whose number changes its rounding; `all` cores", optional(int), fixed=False
    )
    work_unit: int = knob(32, "examples in a unit of work: a killed run loses at most one unit", int)
    sample_positions: int = knob(
        8192, "positions, chosen by the seed, for each neuron's histogram and each layer's covariance", int
    )
    inputs: bool = knob(
        True, "keep x of every kept example, which evaluate and the compare page need: yes or no", yes_or_no, "yes|no"
    )
    seed: int = knob(0, "seed of everything random", int)
    engine: str = knob("local", "where the work is done: `local`, or `ray` for a Ray cluster", fixed=False)
    address: str | None = knob(
        None, "the Ray cluster: HOST:PORT, ray://HOST:PORT or auto; unless told, one is started here", fixed=False
    )
    out: str | None = knob(None, "where the atlas goes; unless told, data/NAME", metavar="DIR", fixed=False)

    def __post_init__(self):
        for message, wrong in (
            (f"keep: {self.keep} is not above 0 and at most 1", not 0 < self.keep <= 1),
            (
                f"embedding: {self.embedding!r} is not one of {', '.join(EMBEDDINGS)}",
                self.embedding not in EMBEDDINGS,
            ),
            (f"cut: {self.cut} is not between 0 and 2", self.cut is not None and not 0 <= self.cut <= 2),
            (f"packing: {self.packing!r} is not packed or one", self.packing not in ("packed", "one")),
            ("separator: it is a text on one line", not self.separator.strip() or "\n" in self.separator),
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
                "address: it is of a Ray cluster, and goes with --engine ray",
                bool(self.address) and self.engine != "ray",
            ),
            ("importance-examples: it cannot be below 0", (self.importance_examples or 0) < 0),
            ("importance-passes: it cannot be below 0", (self.importance_passes or 0) < 0),
            ("layers: name at least one", self.layers == ()),
            (
                "layers: an autoencoder is read where it is hooked in; leave --layers out",
                bool(self.sae) and self.layers is not None,
            ),
            (f"name: {self.name!r} is not a plain name of a directory", not is_plain(self.name)),
        ):
            if wrong:
                raise ConfigError(message)

    @property
    def atlas_name(self) -> str:
        named_after = Path(self.sae or self.model)
        return self.name or (named_after.resolve().name if named_after.is_dir() else named_after.name)

    @property
    def default_cut(self) -> float:
        return default_cut(self.embedding) if self.cut is None else self.cut

    @property
    def directory(self) -> Path:
        return Path(self.out or f"data/{self.atlas_name}")

    @property
    def settings(self) -> dict[str, Any]:
        """The fixed choices, by option."""
        return {f.name.replace("_", "-"): getattr(self, f.name) for f in knobs() if f.metadata["fixed"]}

    def with_options(self, options: dict[str, Any]) -> "RunConfig":
        """With some choices made otherwise. Another model takes over neither name nor masks of the preset's.

        Nor does an autoencoder the name.
        """
        masks = {"mask": ()} if "model" in options else {}
        name = {"name": None} if {"model", "sae"} & set(options) else {}
        return replace(self, **{**masks, **name, **options})


DEVICES = re.compile(r"auto|cpu|cuda(:\d+)?")
DTYPES = ("float32", "bfloat16", "float16")


def is_window(window: tuple[int, ...]) -> bool:
    return len(window) == 2 and window[0] >= 1 and window[1] >= 0


def is_plain(name: str | None) -> bool:
    return name is None or (name not in ("", ".", "..") and not set(name) & set("/\\\0\n"))


def knobs() -> list[Field]:
    return [f for f in fields(RunConfig) if f.default is not MISSING]


PRESETS = {
    "demo": RunConfig(
        name="demo",
        model="data/models/demo",
        corpus="offline",
        examples=2_000,
        mask=("mask-token", "mean-embedding"),  # two, so that a reader sees where what masks makes a difference
        importance_examples=1,
        importance_passes=60_000,
        device="cpu",  # the same bytes on every machine of a kind
    ),
    "gpt2-small": RunConfig(name="gpt2-small"),
}
