"""Command `export`: one neuron of an atlas as a static HTML page."""

import math
from pathlib import Path

from ne_core.atlas import Atlas
from ne_core.export.static_page import static_page
from ne_core.queries.in_embedding import offered
from ne_core.refs import NeuronRef
from ne_core.sharing.atomic_write import check_output, write_output
from ne_core.text.phrases import listed
from precompute.run.progress import Progress


def export(directory: Path, neuron: str, cut: float | None, embedding: str | None, out: Path) -> int:
    """Write the page and return its size in bytes.

    Raises ValueError for a wrong neuron, cut or embedding, AtlasError for no atlas or an embedding that needs inputs.
    """
    ref = NeuronRef.parse(neuron)
    if cut is not None and not (math.isfinite(cut) and 0 <= cut <= 2):
        raise ValueError(f"--cut {cut:g}: a cut is a cosine distance, a number from 0 to 2")
    check_output(out)
    with Progress(1, often_quick=True).stage("export", "features") as on_progress:
        atlas = Atlas.open(directory)
        if ref.layer not in atlas.layers:
            raise ValueError(f"--neuron {neuron}: this atlas has layers {', '.join(map(str, atlas.layers))}")
        if ref.neuron >= atlas.n_neurons(ref.layer):
            raise ValueError(f"--neuron {neuron}: layer {ref.layer} has neurons 0 to {atlas.n_neurons(ref.layer) - 1}")
        if embedding not in (None, *offered(atlas.manifest)):
            raise ValueError(f"--embedding {embedding}: the embeddings are {listed(offered(atlas.manifest))}")
        page = static_page(atlas, ref, cut, on_progress, embedding).encode()
    write_output(out, page)
    return len(page)
