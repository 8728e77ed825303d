"""The part `prompt` of the evaluation: how right the meanings are that a text is given, and how often there is none."""

from dataclasses import dataclass

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.method.unlike import ALPHA
from precompute.evaluate.assigned.beyond import beyond_kept
from precompute.evaluate.assigned.right import planted_right, right_of
from precompute.evaluate.assigned.unlike import unlike_rates
from precompute.live.reader import Reader, open_reader
from precompute.report import Figure, Report, aligned
from precompute.run.progress import OnProgress, silent

KINDS = ("neurons", "tokens")  # of planted sources
HEAD = f"""\
Firings of texts that no tree has seen, assigned to features. Right: the feature that a tree made with the example in it
puts it in, cut at the atlas's distance, or into as many features; or the planted source. Unlike anything seen: further
from its feature than a limit that aims at {ALPHA:g} of new examples.
"""


@dataclass(frozen=True)
class Sizes:
    """Held-out examples of a layer, plantings of a layer, examples of the corpus, and the share that fires."""

    beyond: int = 150
    planted: int = 40
    unlike: int = 128
    share: float = 0.75


QUICK = Sizes(beyond=20, planted=4, unlike=16)


def evaluate_prompt(atlas: Atlas, model: str | None, sizes: Sizes, on_progress: OnProgress = silent) -> Report:
    """A table and figures. Raises ValueError for an atlas without inputs, of images, or whose model is not here."""
    if not atlas.manifest.inputs:
        raise AtlasError(f"{atlas.root} holds no inputs of its examples: build it again with --inputs yes")
    figures = prompt_figures(open_reader(atlas, "auto", model), sizes, on_progress)
    rows = [(TITLES[figure.name.removesuffix(f"_{atlas.root.name}")], shown(figure)) for figure in figures]
    return Report(HEAD + "\n" + aligned([("", atlas.root.name), *rows]), figures)


TITLES = {
    "assigned_right": "right, by distance",
    "assigned_right_by_number": "right, by number of features",
    "assigned_alone": "a feature of its own by distance, left out above",
    "assigned_n": "held-out examples",
    "assigned_right_planted_neurons": "right, planted neurons",
    "assigned_right_planted_tokens": "right, planted key tokens",
    "unlike_rate_beyond": "unlike anything seen, held-out examples",
    "unlike_rate": "unlike anything seen, firings in the last examples",
    "unlike_rate_shuffled": "the same, their tokens shuffled",
}


def prompt_figures(reader: Reader, sizes: Sizes, on_progress: OnProgress = silent) -> tuple[Figure, ...]:
    """Every figure, named as in TITLES, and on what."""
    held_out = right_of(reader, beyond_kept(reader, sizes.beyond, on_progress=on_progress))
    corpus, shuffled = unlike_rates(reader, sizes.unlike, sizes.share)
    values = {
        "assigned_right": held_out.share(held_out.by_distance),
        "assigned_right_by_number": held_out.share(held_out.by_number),
        "assigned_alone": held_out.alone,
        "assigned_n": float(len(held_out.given)),
        **{f"assigned_right_planted_{kind}": planted_right(reader.atlas, kind, sizes.planted) for kind in KINDS},
        "unlike_rate_beyond": held_out.unlike_rate,
        "unlike_rate": corpus,
        "unlike_rate_shuffled": shuffled,
    }
    of = reader.atlas.root.name
    return tuple(Figure(f"{name}_{of}", value, unit_of(name)) for name, value in values.items())


def unit_of(name: str) -> str:
    return "examples" if name == "assigned_n" else "share"


def shown(figure: Figure) -> str:
    return f"{figure.value:.3f}" if figure.unit == "share" else f"{figure.value:,.0f}"
