"""The scripts of components: each is one module made of several files, which must not declare a name twice."""

import ast
import re
from pathlib import Path

import pytest

from pages.components.base.assets import scripts

HERE = Path("pages/components")
DECLARED = re.compile(r"^(?:async )?(?:function|const|let|class) (\w+)", re.M)


def components() -> dict[str, list[Path]]:
    """Files of each component's module, read from the calls of `component(…)`."""
    files = {}
    for path in HERE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "component":
                parts = next((ast.literal_eval(each.value) for each in call.keywords if each.arg == "parts"), ())
                name = ast.literal_eval(call.args[1])
                files[name] = scripts(path.parent, (*parts, name))
    return files


@pytest.mark.parametrize("name", components())
def test_no_name_is_declared_twice_in_a_component(name):
    declared = []
    for file in components()[name]:
        declared += DECLARED.findall(file.read_text())
    assert sorted(declared) == sorted(set(declared))


def test_component_files_are_read_from_the_sources():
    files = components()
    assert "tokens" in files
    assert len(files["dendrogram"]) > 2
    assert DECLARED.findall("const SVG = 1;\nfunction a() {}\nconst b = (c) => c;") == ["SVG", "a", "b"]
