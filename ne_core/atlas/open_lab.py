"""Open and check the lab of an atlas."""

from dataclasses import replace

from ne_core.atlas.arrays import load_array
from ne_core.atlas.checks.lab import check_arrays, check_facts, check_listed
from ne_core.atlas.data import AtlasData
from ne_core.atlas.lab import Lab
from ne_core.atlas.lab_schema import FACTS, FOLDER, LAB_ARRAYS, RUNS, TABLE
from ne_core.atlas.read_manifest import load_json
from ne_core.atlas.tables import load_table
from ne_core.method.mlp import MLP

MOST_BYTES = 2**20  # maximum size of lab.json
MOST_RUNS = 2**15


def open_lab(atlas: AtlasData) -> Lab | None:
    """Open the lab of an atlas; None if it has none.

    Raises AtlasError, in one line, for a lab that is incomplete or contradicts itself or the atlas.
    """
    if f"{FOLDER}/{FACTS}" not in atlas.manifest.files:
        return None
    folder = atlas.root / FOLDER
    check_listed(atlas)
    facts = load_json(atlas.root, f"{FOLDER}/{FACTS}", MOST_BYTES)
    check_facts(folder / FACTS, facts)
    n_examples, height, width = atlas.images.shape
    sizes = {"n_examples": n_examples, "d_pixels": height * width, "n_classes": len(facts["classes"])}
    arrays = {
        spec.file.removesuffix(".npy"): load_array(atlas.root, replace(spec, file=f"{FOLDER}/{spec.file}"), sizes)
        for spec in LAB_ARRAYS
    }
    runs = load_table(atlas.root, f"{FOLDER}/{TABLE}", RUNS, MOST_RUNS)
    mlp = MLP(*(arrays[f"mlp_{part}"] for part in ("W_in", "b_in", "W_out", "b_out")))
    weights = {part: arrays[part] for part in ("W_enc", "b_enc", "W_dec", "b_dec")}
    lab = Lab(facts, atlas.images, arrays["labels"], mlp, runs, weights)
    check_arrays(folder, lab, arrays)
    return lab
