"""Report of the part `labels`: every embedding against labels that none of them defines, by layer."""

from collections.abc import Iterator, Mapping

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_mark
from ne_core.errors import AtlasError
from precompute.evaluate.bootstrap import mean_and_ends, mean_with_interval
from precompute.evaluate.labels.embeddings import PARTS
from precompute.evaluate.labels.measure import KEY, LEAST, MOST, OF_A_WORD, Agreement, measure_layer
from precompute.report import Figure, Report, aligned
from precompute.run.progress import OnProgress, counted, silent

MEASURES = {"labels": "source", "words": "key token", "within": "source within a token", "parts": "contributions"}
HEAD = f"""\
What the features of a neuron agree with, for several embeddings cut into as many features as the atlas has. “Source”:
the package, file or data set of an example's text, “key token”: its word, both as adjusted mutual information, 0 by
chance; “source within a token”: the same among at least {OF_A_WORD} examples of one key token; “contributions”: the
probability that two examples of one feature have more similar contributions to the pre-activation than two of different
ones, 0.5 by chance. “{KEY}”: a feature for each key token, the baseline. At most {MOST}
neurons of a layer, drawn at random among those with two features and {LEAST} examples or more, near duplicates counted
once; means with 95 % intervals over neurons.
"""


def evaluate_labels(atlas: Atlas, on_progress: OnProgress = silent) -> Report:
    """Return tables and figures. Raises AtlasError for an atlas without sources or inputs."""
    if atlas.documents is None or len(atlas.documents.groups) < 2:
        raise AtlasError(f"{atlas.root} holds no sources of its texts, or only one: build it again from several files")
    atlas.layer_inputs(atlas.layers[0])  # raises if there are none
    layers = {
        layer_mark(atlas.manifest, layer): measure_layer(atlas, layer) for layer in counted(atlas.layers, on_progress)
    }
    whole = {name: joined([each[name] for each in layers.values()]) for name in next(iter(layers.values()))}
    parts = {"all": whole} | layers
    return Report(HEAD + "\n" + aligned([head(), *rows(parts)]), tuple(figures(whole, atlas.root.name)))


def joined(parts: list[Agreement]) -> Agreement:
    """Neurons of all layers."""
    return Agreement(*(np.concatenate([getattr(part, name) for part in parts]) for name in MEASURES))


def head() -> list[str]:
    return ["layer", "embedding", "neurons", *MEASURES.values()]


def rows(parts: Mapping[str, Mapping[str, Agreement]]) -> Iterator[list[str]]:
    for layer, embeddings in parts.items():
        for name, values in embeddings.items():
            cells = [mean_with_interval(finite(values, measure)) for measure in MEASURES]
            yield [layer, name, f"{len(values.labels):,}", *cells]


def finite(values: Agreement, measure: str) -> Float[np.ndarray, " n"]:
    """Values of the neurons that have any."""
    of_neurons = getattr(values, measure)
    return of_neurons[np.isfinite(of_neurons)]


def figures(whole: Mapping[str, Agreement], atlas: str) -> Iterator[Figure]:
    """Means over all layers with their intervals."""
    for name, values in whole.items():
        spelled = name.replace(" ", "_")
        for measure in MEASURES:
            if name == PARTS and measure == "parts":
                continue  # contributions agree with themselves
            for end, value in mean_and_ends(finite(values, measure)).items():
                yield Figure(f"labels_{measure}_of_{spelled}{end}_{atlas}", value, "share")
