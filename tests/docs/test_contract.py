"""data/README.md matches the schema, and the schema keeps within its size bound."""

import math
from pathlib import Path

import numpy as np

from ne_core.atlas import lab_schema, schema
from ne_core.atlas.contract import markdown
from ne_core.atlas.schema import FEATURES, LAYER, SIMILAR_FEATURES, Array, Column
from ne_core.method.similar import SPACES


def test_committed_page_matches_schema():
    page = Path("data/README.md").read_text(encoding="utf-8")
    assert page == markdown(), "run: python -m ne_core.atlas.contract > data/README.md"


def test_every_array_and_column_is_on_the_page():
    """An array of a new group needs a new section on the page."""
    page = markdown()
    for module in (schema, lab_schema):
        for value in vars(module).values():
            for spec in value if isinstance(value, tuple) else (value,):
                if isinstance(spec, Array | Column):
                    assert spec.meaning in page, spec


def bytes_of(dtype: str, shape: tuple, sizes: dict[str, int]) -> int:
    return np.dtype(dtype).itemsize * math.prod(sizes.get(d, d) for d in shape)


def test_rows_and_features_are_within_size_bound():
    """At most 170 bytes a row and 3,072 a feature at width 768, less room for weights, texts and feature words."""
    sizes = {"n_rows": 1, "n_merges": 1, "n_window": 30, "n_back": 20, "n_baselines": 1}
    per_row = sum(bytes_of(s.dtype, s.shape, sizes) for s in LAYER if {"n_rows", "n_merges"} & set(s.shape))
    per_feature = sum(bytes_of(column.dtype, (column.length,), {}) for column in (*FEATURES, *SIMILAR_FEATURES))
    per_feature += 768 * len(SPACES)
    assert per_row <= 170 - 40
    assert per_feature <= 3072 - 190
