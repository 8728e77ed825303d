"""A neuron's examples in another embedding than the atlas's: their tree, its features, distances and suggested cut.

Read from the atlas where it stores the trees, else computed from the stored inputs x by the functions of the build, so
that in the atlas's own embedding the result is what the atlas stores.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.manifest import Manifest
from ne_core.atlas.other_trees import stored_neuron
from ne_core.errors import AtlasError
from ne_core.method.background import background_distance, background_rows
from ne_core.method.embeddings import REFERENCE, Embedder, default_cut
from ne_core.method.token_part import CUT, SHARES
from ne_core.method.trees.clear_cut import suggested_cut
from ne_core.method.trees.cluster import cluster
from ne_core.method.trees.linkage import light_tree
from ne_core.queries.token_parts import input_tokens, layer_token_part
from ne_core.refs import NeuronRef

OF_INPUTS = (REFERENCE, "pre_mlp", "whitened")
OTHERS = (*OF_INPUTS, *SHARES)  # embeddings offered beside the atlas's own
MOST = 2000  # examples of a neuron whose tree is computed; the time grows with their cube


def offered(manifest: Manifest) -> tuple[str, ...]:
    """Embeddings that a reader can choose from: the atlas's own, then the others. Images have no tokens."""
    others = OF_INPUTS if manifest.images else OTHERS
    return manifest.embedding, *(name for name in others if name != manifest.embedding)


def cut_in(manifest: Manifest, embedding: str | None) -> float:
    """Default cut of an embedding: the stored one for the atlas's own (or None), else that of the space."""
    if embedding in (None, manifest.embedding):
        return manifest.default_cut
    return manifest.other_trees.cut if is_stored(manifest, embedding) else usual_cut(embedding)


def usual_cut(embedding: str) -> float:
    """Default cut of an embedding that is not the atlas's own."""
    return CUT if embedding in SHARES else default_cut(embedding)


def is_stored(manifest: Manifest, embedding: str) -> bool:
    """True if the atlas stores trees of this embedding beside those of its own."""
    return manifest.other_trees is not None and manifest.other_trees.embedding == embedding


def reason_unavailable(atlas: Atlas, ref: NeuronRef, embedding: str) -> str | None:
    """Reason why a neuron cannot be shown in an embedding, one line; None if it can."""
    if embedding == atlas.manifest.embedding or is_stored(atlas.manifest, embedding):
        return None
    if not atlas.manifest.inputs:
        return "this atlas holds no inputs, from which other embeddings are computed: build it with --inputs yes"
    n = int(atlas.neurons["n_examples"][atlas.neuron_row(ref)])
    if n > MOST:
        unit = atlas.manifest.vocabulary.unit
        return f"this {unit} has {n:,} examples, and other embeddings are computed for at most {MOST:,}"
    return None


def reasons_unavailable(atlas: Atlas, ref: NeuronRef) -> dict[str, str | None]:
    """Return `reason_unavailable` of every embedding that a reader can choose from."""
    return {name: reason_unavailable(atlas, ref, name) for name in offered(atlas.manifest)}


def neuron_in(
    atlas: Atlas, ref: NeuronRef, embedding: str, layer_embedder: Callable[[], Embedder] | None = None
) -> Neuron:
    """Return a neuron in an embedding; `layer_embedder` returns the layer's embedder where one is already made.

    Raises KeyError for an unknown neuron or embedding, AtlasError if the embedding cannot be computed.
    """
    neuron = atlas.neuron(ref)
    if embedding == neuron.embedding:
        return neuron
    if is_stored(atlas.manifest, embedding):
        return stored_neuron(atlas, ref)
    if reason := reason_unavailable(atlas, ref, embedding):
        raise AtlasError(f"{atlas.root}: {reason}")
    embedder = layer_embedder() if layer_embedder else atlas.embedder(ref.layer)
    try:
        if embedding in SHARES:
            return with_token_share(atlas, neuron, embedder, embedding)
        x, w = atlas.neuron_inputs(ref), atlas.weights(ref.layer).W_in[:, ref.neuron]
        return in_embedding(neuron, x, w, embedder, embedding, atlas.layer_inputs(ref.layer).x[other_rows(atlas, ref)])
    except FloatingPointError as error:
        message = f"the inputs of {ref} have no finite embedding {embedding}: build the atlas again"
        raise AtlasError(f"{atlas.root}: {message}") from error


def input_rows(atlas: Atlas, ref: NeuronRef) -> Int[np.ndarray, " n"]:
    """Stored inputs of a neuron's examples, as rows of the layer's."""
    return atlas.layer_inputs(ref.layer).index[atlas.files[ref.layer].rows(ref.neuron)]


def other_rows(atlas: Atlas, ref: NeuronRef) -> Int[np.ndarray, " n_others"]:
    """Stored inputs of the layer's background that are not examples of the neuron, as rows of the layer's."""
    rows = background_rows(ref.layer, len(atlas.layer_inputs(ref.layer).x))
    return rows[~np.isin(rows, input_rows(atlas, ref))]


def with_token_share(atlas: Atlas, neuron: Neuron, embedder: Embedder, embedding: str) -> Neuron:
    """Return a neuron in an embedding that keeps a share of the part that the token explains.

    Raises FloatingPointError for embeddings that are not finite.
    """
    layer, rows = neuron.ref.layer, [f(atlas, neuron.ref) for f in (input_rows, other_rows)]
    x, token = atlas.layer_inputs(layer).x, input_tokens(atlas, layer)
    part = layer_token_part(atlas, layer, embedder, token[np.concatenate(rows)])
    vectors = (part.keep(embedder.standardised(x[each]), token[each], SHARES[embedding]) for each in rows)
    return clustered(neuron, *vectors, embedding, CUT)


def in_embedding(
    neuron: Neuron,
    x: Float[np.ndarray, "n d_in"],
    w: Float[np.ndarray, " d_in"],
    embedder: Embedder,
    space: str,
    others: Float[np.ndarray, "n_others d_in"],
    cut: float | None = None,
) -> Neuron:
    """Return the neuron of inputs `x` and weights `w` in a space, its features at `cut`, by default the space's.

    `others` are inputs of the layer that are not its examples. Raises FloatingPointError for embeddings that are not
    finite, KeyError for an unknown space.
    """
    cut = default_cut(space) if cut is None else cut
    with np.errstate(all="ignore"):  # inputs may be invalid; the result is checked
        vectors, background = (embedder(space, each.astype(np.float32), np.float32(w)) for each in (x, others))
    return clustered(neuron, vectors, background, space, cut)


def clustered(
    neuron: Neuron,
    vectors: Float[np.ndarray, "n d_in"],
    background: Float[np.ndarray, "n_others d_in"],
    space: str,
    cut: float,
) -> Neuron:
    """Return the neuron with the tree of its examples' `vectors` in a space.

    `background` are vectors of other inputs. Raises FloatingPointError for vectors that are not finite.
    """
    if not len(neuron):
        return replace(neuron, embedding=space, default_cut=cut, suggested_cut=None)
    if not np.isfinite(vectors).all():
        raise FloatingPointError(f"embedding {space} is not finite")
    clusters = cluster(np.float32(vectors), cut, light_tree)
    to_others = background_distance(np.float32(vectors), np.float32(background))
    return replace(
        neuron,
        tree=clusters.tree,
        merge_central=clusters.merge_central.astype(neuron.merge_central.dtype),
        feature=clusters.feature.astype(neuron.feature.dtype),
        center_distance=np.float32(clusters.center_distance).astype(neuron.center_distance.dtype),  # rounded as stored
        embedding=space,
        default_cut=cut,
        suggested_cut=suggested_cut(clusters.tree, to_others, space),
    )
