"""Trail of a feature of an atlas, and features that are good starts of a trail."""

from functools import partial

import numpy as np
from jaxtyping import Bool, Int

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.method.comparable import MEANINGLESS
from ne_core.queries.space_index import space_index
from ne_core.queries.trail import Trail, layers_reached, trail, trail_nodes
from ne_core.refs import FeatureRef
from ne_core.text.token_text import is_word
from pages.components.cached.comparable import layer_pairs
from pages.components.cached.per_atlas import per_atlas
from pages.components.url.across_layers_view import View, usual_least

SOLID = 10  # minimum examples of a suggested start
OFFERED = 8
WORD = 4  # minimum letters of a key token that is informative by itself


def trail_of(atlas: Atlas, view: View) -> Trail:
    """Compute the trail by one scan of the index of the view's space. Raises AtlasError if the index is incomplete."""
    index, layers, seed = space_index(atlas, view.space), atlas.features["layer"], atlas.feature_id(view.seed)
    cosines, pairs = index.cosines(index.vectors(np.array([seed]))[0]), layer_pairs(atlas, view.space)
    verdicts = partial(pairs.verdict, least=view.bound)
    excluded = [layer for layer in atlas.layers if verdicts(view.seed.layer, layer) in MEANINGLESS]
    ids = trail_nodes(cosines, layers, seed, atlas.feature_ids(view.seed.of), view.per, view.bound, excluded)
    return trail(ids, layers[ids], index.vectors(ids), seed, view.bound, verdicts)


def worth_following(atlas: Atlas) -> list[FeatureRef]:
    """At most OFFERED features that have similar ones in the most comparable layers, each with a different key token.

    Features whose key token is a word come first.
    """
    return [atlas.feature_ref(id) for id in starts(atlas)]


@per_atlas()
def starts(atlas: Atlas) -> list[int]:
    features, space = atlas.features, atlas.manifest.default_space
    ids = np.flatnonzero(features["size"] >= SOLID)
    ids = ids if len(ids) else np.arange(len(features["size"]))
    tokens = features["key_tokens"][ids, 0]
    word = np.array([is_word(text, WORD) for text in atlas.vocab], dtype=bool)
    named = word[tokens] & (2 * features["key_token_counts"][ids, 0] >= features["size"][ids])
    similar, cosines = features[f"similar_{space}"][ids], features[f"cosine_{space}"][ids]
    counted = (cosines >= usual_least(space)) & meaningful(atlas, space, ids, similar)
    reached = layers_reached(similar, features["layer"], counted)
    order = np.lexsort((ids, -features["size"][ids], -reached, ~named))
    _, first = np.unique(tokens[order], return_index=True)
    return ids[order[np.sort(first)[:OFFERED]]].tolist()


def meaningful(
    atlas: Atlas, space: str, ids: Int[np.ndarray, " n"], similar: Int[np.ndarray, "n k"]
) -> Bool[np.ndarray, "n k"]:
    """Mask of the similar features whose layer can be compared with that of the feature they are similar to."""
    pairs, layers = layer_pairs(atlas, space), atlas.layers
    try:
        table = np.array([[pairs.verdict(one, other) not in MEANINGLESS for other in layers] for one in layers])
    except AtlasError:  # the page reports it when it computes a trail; these are only suggestions
        return np.zeros(similar.shape, dtype=bool)
    index = np.searchsorted(layers, atlas.features["layer"])
    return table[index[ids][:, None], index[similar]]
