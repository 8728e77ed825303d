"""Write the lab into an atlas of images, as ne_core/atlas/lab_schema.py specifies."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from ne_core.atlas.lab_schema import FACTS, FOLDER, LAB, LAB_ARRAYS, LAB_VERSION, RUNS, TABLE
from ne_core.sharing.atomic_write import WriteError
from precompute.write.arrays import save
from precompute.write.tables import write_table


@dataclass(frozen=True)
class LabArrays:
    """Contents of a lab: the arrays by their names on disk, `runs` by column, `facts` for lab.json."""

    labels: Int[np.ndarray, " n_examples"]
    mlp_W_in: Float[np.ndarray, "d_pixels d_hidden"]
    mlp_b_in: Float[np.ndarray, " d_hidden"]
    mlp_W_out: Float[np.ndarray, "d_hidden n_classes"]
    mlp_b_out: Float[np.ndarray, " n_classes"]
    W_enc: Float[np.ndarray, "n_runs d_hidden d_sae"]
    b_enc: Float[np.ndarray, "n_runs d_sae"]
    W_dec: Float[np.ndarray, "n_runs d_sae d_hidden"]
    b_dec: Float[np.ndarray, "n_runs d_hidden"]
    runs: Mapping[str, np.ndarray]
    facts: Mapping


def write_lab(folder: Path, lab: LabArrays) -> None:
    """Write `lab/` into an atlas before its manifest (see `write_atlas`'s `beside`), and add `lab_version`.

    Raises WriteError where something is missing or does not fit.
    """
    facts = {**lab.facts, "lab_version": LAB_VERSION}
    check_names(FACTS, facts, LAB)
    check_names(TABLE, lab.runs, {column.name for column in RUNS})
    for spec in LAB_ARRAYS:
        save(folder, replace(spec, file=f"{FOLDER}/{spec.file}"), getattr(lab, spec.file.removesuffix(".npy")))
    write_table(folder / FOLDER / TABLE, RUNS, {name: np.asarray(column) for name, column in lab.runs.items()})
    text = json.dumps(facts, indent=1, sort_keys=True, allow_nan=False)
    (folder / FOLDER / FACTS).write_text(text + "\n", encoding="utf-8")


def check_names(file: str, names: Iterable[str], expected: Iterable[str]) -> None:
    if set(names) != set(expected):
        raise WriteError(f"{file}: {', '.join(sorted(set(expected)))} must be given and nothing else")
