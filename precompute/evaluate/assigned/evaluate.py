"""The part `prompt` of the evaluation: accuracy of assigned features, and the share of firings unlike theirs."""

from dataclasses import dataclass

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.method.unlike import ALPHA
from precompute.evaluate.assigned.accuracy import assignments, planted_accuracy
from precompute.evaluate.assigned.unlike import unlike_rates
from precompute.evaluate.assigned.unseen import unseen_examples
from precompute.live.reader import Reader, open_reader
from precompute.report import Figure, Report, aligned
from precompute.run.progress import OnProgress, silent

KINDS = ("neurons", "tokens")  # of planted sources
HEAD = f"""\
Firings of examples that are in no tree, assigned to features. Right: the feature that the tree gives an example when it
is computed with it, at the atlas's cut or cut into as many features; or the planted source. Unlike its feature: farther
from it than a limit that aims at {ALPHA:g} of new examples.
"""


@dataclass(frozen=True)
class Sizes:
    """Unseen examples of a layer, plantings of a layer, examples of the corpus, and the share of the maximum."""

    unseen: int = 150
    planted: int = 40
    unlike: int = 128
    share: float = 0.75


QUICK = Sizes(unseen=20, planted=4, unlike=16)


def evaluate_prompt(atlas: Atlas, model: str | None, sizes: Sizes, on_progress: OnProgress = silent) -> Report:
    """Return a table and figures. Raises ValueError for atlases without inputs, of images, or without their model."""
    if not atlas.manifest.inputs:
        raise AtlasError(f"{atlas.root} holds no inputs of its examples: build it again with --inputs yes")
    figures = prompt_figures(open_reader(atlas, "auto", model), sizes, on_progress)
    rows = [(TITLES[figure.name.removesuffix(f"_{atlas.root.name}")], shown(figure)) for figure in figures]
    return Report(HEAD + "\n" + aligned([("", atlas.root.name), *rows]), figures)


TITLES = {
    "assigned_right": "right, by distance",
    "assigned_right_by_number": "right, by number of features",
    "assigned_alone": "in a feature of its own by distance, left out above",
    "assigned_n": "held-out examples",
    "assigned_right_planted_neurons": "right, planted neurons",
    "assigned_right_planted_tokens": "right, planted key tokens",
    "unlike_rate_beyond": "unlike its feature, held-out examples",
    "unlike_rate": "unlike its feature, firings in the last examples",
    "unlike_rate_shuffled": "the same, their tokens shuffled",
}


def prompt_figures(reader: Reader, sizes: Sizes, on_progress: OnProgress = silent) -> tuple[Figure, ...]:
    """Return every figure, named as in TITLES, with the name of the atlas."""
    unseen = assignments(reader, unseen_examples(reader, sizes.unseen, on_progress=on_progress))
    corpus, shuffled = unlike_rates(reader, sizes.unlike, sizes.share)
    values = {
        "assigned_right": unseen.accuracy(unseen.by_distance),
        "assigned_right_by_number": unseen.accuracy(unseen.by_number),
        "assigned_alone": unseen.new_feature_rate,
        "assigned_n": float(len(unseen.assigned)),
        **{f"assigned_right_planted_{kind}": planted_accuracy(reader.atlas, kind, sizes.planted) for kind in KINDS},
        "unlike_rate_beyond": unseen.unlike_rate,
        "unlike_rate": corpus,
        "unlike_rate_shuffled": shuffled,
    }
    atlas = reader.atlas.root.name
    return tuple(Figure(f"{name}_{atlas}", value, unit_of(name)) for name, value in values.items())


def unit_of(name: str) -> str:
    return "examples" if name == "assigned_n" else "share"


def shown(figure: Figure) -> str:
    return f"{figure.value:.3f}" if figure.unit == "share" else f"{figure.value:,.0f}"
