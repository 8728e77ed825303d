"""The tables of docs/inputs.md: every example is a valid command, and every test that a row names exists."""

import ast
import re
from pathlib import Path

import pytest

from precompute.__main__ import parser
from precompute.config import preset
from precompute.models.autoencoder.located import address_of
from precompute.models.autoencoder.releases import is_release, published

TEXT = Path("docs/inputs.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (.+) \| (.+) \| (.+) \|$", re.M)
SECTION = TEXT.split("\n## Dictionaries\n")[1].split("\n## ")[0]
ROWS = [row for row in ROW.findall(SECTION) if row[0] != "form"]
FOLDERS = ("data/", "models/")  # of the reader


def names_of_all_tests() -> set[str]:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in Path("tests").rglob("test_*.py"))
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_names_tests_that_exist():
    named = [re.findall(r"`(test_\w+)`", row[2]) for row in ROWS]
    assert len(ROWS) >= 12
    assert all(named)
    assert {test for tests in named for test in tests} <= names_of_all_tests()


@pytest.mark.parametrize("form", [row[0] for row in ROWS])
def test_every_example_is_a_command(form):
    (command,) = (re.findall(r"`(--[^`]+)`", row[1]) for row in ROWS if row[0] == form)
    options = vars(parser().parse_args(["build", *command[0].split()]))
    sae = options["sae"]
    assert preset("demo").with_options({"sae": sae}).atlas_name
    if sae.startswith("hf://"):
        assert address_of(sae)
    elif not sae.startswith(FOLDERS):
        assert is_release(sae)
        assert published(sae)
