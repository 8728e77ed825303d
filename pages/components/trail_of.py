"""The trail of a feature of an atlas, and features whose trails are worth following."""

import numpy as np

from ne_core.atlas import Atlas
from ne_core.free_query import space_index
from ne_core.refs import FeatureRef
from ne_core.token_text import is_word
from ne_core.trail import Trail, chosen, layers_reached, trail
from pages.components.per_atlas import per_atlas
from pages.components.trail_location import View, usual_least

SOLID = 10  # examples of a feature that is offered as a start
OFFERED = 8
WORD = 4  # letters of a key token that says by itself what the feature is about


def trail_of(atlas: Atlas, view: View) -> Trail:
    """One scan of the index of the view's space. Raises AtlasError where that is not whole."""
    index, layers, seed = space_index(atlas, view.space), atlas.features["layer"], atlas.feature_id(view.seed)
    cosines = index.cosines(index.vectors(np.array([seed]))[0])
    ids = chosen(cosines, layers, seed, atlas.feature_ids(view.seed.of), view.per, view.bound)
    return trail(ids, layers[ids], index.vectors(ids), seed, view.bound)


def worth_following(atlas: Atlas) -> list[FeatureRef]:
    """Features with similar ones in most layers, each of another key token, words before signs; at most OFFERED."""
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
    reached = layers_reached(similar, cosines, features["layer"], usual_least(space))
    order = np.lexsort((ids, -features["size"][ids], -reached, ~named))
    _, first = np.unique(tokens[order], return_index=True)
    return ids[order[np.sort(first)[:OFFERED]]].tolist()
