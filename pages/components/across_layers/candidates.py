"""The trail of a feature of an atlas, and features whose trails are worth following."""

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

SOLID = 10  # examples of a feature that is offered as a start
OFFERED = 8
WORD = 4  # letters of a key token that says by itself what the feature is about


def trail_of(atlas: Atlas, view: View) -> Trail:
    """One scan of the index of the view's space. Raises AtlasError where that is not whole."""
    index, layers, seed = space_index(atlas, view.space), atlas.features["layer"], atlas.feature_id(view.seed)
    cosines, pairs = index.cosines(index.vectors(np.array([seed]))[0]), layer_pairs(atlas, view.space)
    verdicts = partial(pairs.verdict, least=view.bound)
    without = [layer for layer in atlas.layers if verdicts(view.seed.layer, layer) in MEANINGLESS]
    ids = trail_nodes(cosines, layers, seed, atlas.feature_ids(view.seed.of), view.per, view.bound, without)
    return trail(ids, layers[ids], index.vectors(ids), seed, view.bound, verdicts)


def worth_following(atlas: Atlas) -> list[FeatureRef]:
    """Features with similar ones in most layers that can be compared with their own, each of another key token, words
    before signs; at most OFFERED.
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
    """Whether the layer of each similar feature can be compared with that of the feature it is similar to."""
    pairs, layers = layer_pairs(atlas, space), atlas.layers
    try:
        table = np.array([[pairs.verdict(one, other) not in MEANINGLESS for other in layers] for one in layers])
    except AtlasError:  # the page says so when it follows a trail: these are only offers
        return np.zeros(similar.shape, dtype=bool)
    place = np.searchsorted(layers, atlas.features["layer"])
    return table[place[ids][:, None], place[similar]]
