"""Places of the page Neuron: features and tree in one column, which stays in sight, and the examples beside it.

On a narrow screen there is one column: tree, features, examples, cuts, and the rest. On both, nothing above the tree
changes its height with the cut, so that the tree stays still while the cut is dragged.
"""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

STYLE = Path(__file__).with_suffix(".css")
NARROW, WIDE = 1, 1.6


@dataclass(frozen=True)
class Places:
    """Containers of the parts of the page; layout.css orders them by their keys."""

    features: DeltaGenerator
    tree: DeltaGenerator
    cuts: DeltaGenerator
    examples: DeltaGenerator
    rest: DeltaGenerator


def places() -> Places:
    st.html(STYLE)
    with st.container(key="neuron_columns"):
        left, right = st.columns([NARROW, WIDE], gap="medium")
    names = ("features", "tree", "cuts")
    with left, st.container(key="neuron_side"):
        features, tree, cuts = (st.container(key=f"neuron_{name}", gap="small") for name in names)
    with right:
        examples, rest = (st.container(key=f"neuron_{name}") for name in ("examples", "rest"))
    return Places(features, tree, cuts, examples, rest)
