"""Plain words: names that say nothing, and docstrings that are questions or riddles, do not come back."""

import ast
from collections.abc import Iterator
from pathlib import Path

FILES = sorted(path for room in ("ne_core", "precompute", "pages", "tests") for path in Path(room).rglob("*.py"))
NAMES = {"found", "told", "said", "asked", "heard"}  # alone or as a part of a name
FIRST = {
    "What",
    "How",
    "Where",
    "Which",
    "Whether",
    "Why",
    "Who",
    "When",
    "Is",
    "Are",
    "Does",
    "Do",
    "Has",
    "Can",
    "If",
}
PHRASES = ("by lot", "unless told", "begun otherwise", "such as can be", "numbers that cannot be")
PHRASES += ("at hand", "to be had", "had of them", "not here:", "is none of", "taken out")
BARE = {"at", "taken", "own", "opened", "more", "there", "asked", "kept"}  # as a whole name of a parameter or variable


def nodes_of(source: str) -> list[ast.AST]:
    return list(ast.walk(ast.parse(source)))


def names(nodes: list[ast.AST]) -> Iterator[str]:
    """Identifiers that have one of NAMES among their parts."""
    for node in nodes:
        for name in (getattr(node, field, None) for field in ("id", "attr", "arg", "name", "asname")):
            if isinstance(name, str) and NAMES & set(name.lower().split("_")):
                yield name


def docstrings(nodes: list[ast.AST]) -> Iterator[str]:
    """First lines of docstrings that begin as questions do."""
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node) or ""
            if text.split(maxsplit=1)[:1] and text.split(maxsplit=1)[0] in FIRST and "Do nothing" not in text:
                yield text.splitlines()[0]


def bare_names(nodes: list[ast.AST]) -> Iterator[str]:
    """Parameters and variables that have one of BARE as their whole name."""
    for node in nodes:
        if isinstance(node, ast.arg) and node.arg in BARE:
            yield node.arg
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in BARE:
            yield node.id


def test_planted_ones_are_reported():
    assert list(bare_names(nodes_of("def f(at): there = at.at\nmaximum.at(own)"))) == ["at", "there"]
    planted = "found_by = 1\nfoundation = 2\ndef test_it_is_said(): ...\nx.told(asked=1)\nimport a as heard"
    assert sorted(names(nodes_of(planted))) == ["asked", "found_by", "heard", "test_it_is_said", "told"]
    assert list(docstrings(nodes_of('"""How it is."""\ndef f():\n    """Return it."""'))) == ["How it is."]


def faults(file: Path) -> list[str]:
    if file == Path("tests/test_words.py"):
        return []
    source = file.read_text(encoding="utf-8")
    nodes = nodes_of(source)
    phrases = (phrase for phrase in PHRASES if phrase in source)
    return [*names(nodes), *docstrings(nodes), *bare_names(nodes), *phrases]


def test_words_are_plain():
    assert len(FILES) > 500
    assert {str(file): words for file in FILES if (words := faults(file))} == {}
