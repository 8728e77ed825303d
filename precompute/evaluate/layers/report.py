"""Report of the part `layers`: tables by pair of layers, and figures over all pairs."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_mark
from ne_core.errors import AtlasError
from precompute.evaluate.bootstrap import mean, mean_and_ends, mean_with_interval
from precompute.evaluate.layers.features import SPACES, held_out_aligners, layer_features
from precompute.evaluate.layers.nearest import COMMON, SOUGHT, Pair, pair
from precompute.report import Figure, Report, aligned
from precompute.run.progress import OnProgress

HEAD = f"""\
Features of one layer sought in another: the nearest by cosine between central examples, and how often the two have the
same key token at their central examples, an example at the same position of the corpus, or an example of the same text.
In brackets 95 % intervals; “chance”: the same with random features of the other layer in place of the nearest. Up to
{SOUGHT:,} features of each layer. For “aligned”, layers were aligned by half of the texts; the features sought, in all
spaces, are those whose central example is of the other half. “Beyond”: the share of features with a better match than
95 % of random mixtures of features have; if it is one half or more both ways, the pages compare the two layers.
"""


def evaluate_layers(atlas: Atlas, on_progress: OnProgress) -> Report:
    """Return tables and figures. Raises AtlasError for an atlas of one layer, of several widths, or without inputs."""
    if len(atlas.layers) == 1 or len(set(atlas.manifest.d_in)) > 1:
        raise AtlasError(f"{atlas.root} has no two layers of one width: there is nothing to compare")
    layers = [layer_features(atlas, layer) for layer in atlas.layers]
    aligners, pairs = held_out_aligners(layers), []
    for done, space in enumerate(SPACES, 1):
        units = {layer.layer: layer.units(space, each) for layer, each in zip(layers, aligners, strict=True)}
        pairs += [pair(space, one, other, units) for one in layers for other in layers if one is not other]
        on_progress(done, len(SPACES))
    return Report(HEAD + "\n" + table(atlas, pairs), tuple(figures(pairs, atlas.root.name)))


def table(atlas: Atlas, pairs: Sequence[Pair]) -> str:
    """Rows of each pair, in every space, after a row for all pairs."""
    head = ["space", "from", "to", "features"]
    head += [word for name in COMMON for word in (f"same {name}", "chance")] + ["beyond", "compared"]
    rows = []
    for space in SPACES:
        of_space = [each for each in pairs if each.space == space]
        compared = f"{sum(each.comparable for each in of_space)} of {len(of_space)}"
        rows.append([space, "all", "all", *shares(of_space), "", compared])
        for each in of_space:
            marks = [layer_mark(atlas.manifest, layer) for layer in each.layers]
            rows.append([space, *marks, *shares([each]), f"{each.beyond:.2f}", "yes" if each.comparable else "no"])
    return aligned([head, *rows])


def shares(pairs: Sequence[Pair]) -> list[str]:
    """Number of features, and each share with its interval and its value by chance."""
    cells = [f"{len(values_of(pairs, COMMON[0])):,}"]
    for name in COMMON:
        cells += [mean_with_interval(values_of(pairs, name)), f"{chance_of(pairs, name):.3f}"]
    return cells


def values_of(pairs: Sequence[Pair], name: str) -> Float[np.ndarray, " n"]:
    """1 for each feature that has the property in common with its nearest, else 0."""
    return np.concatenate([each.common[name] for each in pairs]).astype(np.float64)


def chance_of(pairs: Sequence[Pair], name: str) -> float:
    """Chance over all features of the pairs."""
    return mean(np.concatenate([np.full(len(each.common[name]), each.chance[name]) for each in pairs]))


def figures(pairs: Sequence[Pair], atlas: str) -> Iterator[Figure]:
    """Shares over all pairs with their intervals and chance, the key token by pair, and pairs that are compared."""
    for space in SPACES:
        of_space = [each for each in pairs if each.space == space]
        for name in COMMON:
            for end, value in mean_and_ends(values_of(of_space, name)).items():
                yield Figure(f"layers_{name}_{space}{end}_{atlas}", value, "share")
            yield Figure(f"layers_{name}_{space}_chance_{atlas}", chance_of(of_space, name), "share")
        for each in of_space:
            names = "_".join(map(str, each.layers))
            yield Figure(f"layers_token_{space}_{names}_{atlas}", mean(each.common["token"]), "share")
        yield Figure(f"layers_compared_{space}_{atlas}", mean(np.array([p.comparable for p in of_space])), "share")
