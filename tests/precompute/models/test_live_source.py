"""The protocol of the live model: both kinds of sources satisfy it, and it names all that precompute/live uses."""

import ast
from pathlib import Path

import pytest

import precompute.live
from precompute.models.autoencoder.source import SaeSource
from precompute.models.live_source import LiveSource
from precompute.models.transformer.source import TransformerSource


def names_of(protocol: type) -> set[str]:
    return set().union(*(set(vars(each)) | set(vars(each).get("__annotations__", {})) for each in protocol.__mro__))


def used_of_sources(folder: Path) -> set[str]:
    """Attributes of what is called `source`, in the modules of a folder."""
    trees = [ast.parse(path.read_text()) for path in sorted(folder.glob("*.py"))]
    attributes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {each.attr for each in attributes if ast.unparse(each.value).split(".")[-1] == "source"}


def test_what_the_live_model_uses_is_in_the_protocol():
    used = used_of_sources(Path(precompute.live.__file__).parent)
    assert {"predicts", "run_to_logits", "activations_on", "changes_can_be_written"} <= used
    assert used <= names_of(LiveSource)


@pytest.mark.parametrize("source", [TransformerSource, SaeSource])
def test_sources_have_its_methods(source):
    methods = {name for each in LiveSource.__mro__ for name, value in vars(each).items() if callable(value)}
    assert {name for name in methods if not name.startswith("_") and name not in dir(source)} == set()
