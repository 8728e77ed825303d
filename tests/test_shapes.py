"""Signatures are checked during tests: a wrong type or shape is an error in functions, methods and fields."""

import sys

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from ne_core.method.trees import cluster
from ne_core.refs import NeuronRef
from tests.support import shapes

SOURCE = """
import numpy as np
from dataclasses import dataclass
from jaxtyping import Float

def total(x: Float[np.ndarray, "n 2"], y: Float[np.ndarray, " n"]) -> float:
    return float(x.sum() + y.sum())

@dataclass(frozen=True)
class Pair:
    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " n"]

    @property
    def first(self) -> int:
        return "no number"

    @staticmethod
    def of(n: int) -> "Pair":
        return Pair(np.zeros(n), np.zeros(n))
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Import a module of a checked package."""
    (tmp_path / "example_package").mkdir()
    (tmp_path / "example_package" / "__init__.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(shapes, "PACKAGES", ("example_package",))
    import example_package

    yield example_package
    del sys.modules["example_package"]


def test_wrong_shapes_are_errors(module):
    assert module.total(np.ones((3, 2)), np.ones(3)) == 9
    for x, y in ((np.ones((3, 3)), np.ones(3)), (np.ones((3, 2)), np.ones(4)), (np.ones((3, 2), int), np.ones(3))):
        with pytest.raises(TypeCheckError):
            module.total(x, y)


def test_fields_and_methods_are_checked(module):
    assert module.Pair.of(2) is not None
    with pytest.raises(TypeCheckError):
        module.Pair(np.zeros(2), np.zeros(3))
    with pytest.raises(TypeCheckError):
        module.Pair.of(2.5)
    with pytest.raises(TypeCheckError):
        _ = module.Pair.of(2).first


def test_later_calls_are_not_checked(module, monkeypatch):
    monkeypatch.setattr(shapes, "CALLS", 3)
    for _ in range(3):
        module.total(np.ones((1, 2)), np.ones(1))
    assert module.total(np.ones((1, 3)), np.ones(1)) == 4


@pytest.mark.parametrize("function", [cluster.tree, NeuronRef.__init__])
def test_own_modules_are_checked(function):
    assert function.__code__ is shapes.check_calls(print).__code__
