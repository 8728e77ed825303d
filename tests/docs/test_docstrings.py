"""The API pages of ne_core (`make api`) are never empty: everything public has a docstring."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FILES = sorted(Path("ne_core").rglob("*.py"))
DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def bare(tree: ast.Module) -> Iterator[str]:
    """Public modules, classes, functions and methods without a docstring."""
    if not ast.get_docstring(tree):
        yield "the module"
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) else []
        for each, name in ((node, ""), *((method, f"{node.name}.") for method in inside)):
            if isinstance(each, DEFINITIONS) and not each.name.startswith("_") and not ast.get_docstring(each):
                yield f"{name}{each.name}"


def test_missing_docstrings_are_listed():
    source = (
        '"""m"""\ndef f(): ...\ndef _g(): ...\nclass C:\n    "c"\n    def m(self): ...\n    def __len__(self): ...\n'
    )
    assert list(bare(ast.parse(source))) == ["f", "C.m"]
    assert list(bare(ast.parse("x = 1"))) == ["the module"]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_everything_public_has_a_docstring(file: Path):
    assert not list(bare(ast.parse(file.read_text(encoding="utf-8"))))
