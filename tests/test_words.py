"""Plain words: names that say nothing, and docstrings that are questions or riddles, do not come back."""

import ast
import io
import tokenize
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


def names(source: str) -> Iterator[str]:
    """Identifiers that have one of NAMES among their parts."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME and NAMES & set(token.string.lower().split("_")):
            yield token.string


def docstrings(source: str) -> Iterator[str]:
    """First lines of docstrings that begin as questions do."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node) or ""
            if text.split(maxsplit=1)[:1] and text.split(maxsplit=1)[0] in FIRST and "Do nothing" not in text:
                yield text.splitlines()[0]


def bare_names(source: str) -> Iterator[str]:
    """Parameters and variables that have one of BARE as their whole name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg) and node.arg in BARE:
            yield node.arg
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in BARE:
            yield node.id


def test_planted_ones_are_reported():
    assert list(bare_names("def f(at): there = at.at\nmaximum.at(own)")) == ["at", "there"]
    assert list(names("found_by = 1\nfoundation = 2\ndef test_it_is_said(): ...")) == ["found_by", "test_it_is_said"]
    assert list(docstrings('"""How it is."""\ndef f():\n    """Return it."""')) == ["How it is."]


def faults(file: Path) -> list[str]:
    source = file.read_text(encoding="utf-8")
    if file == Path("tests/test_words.py"):
        return []
    named = names(source) if any(word in source.lower() for word in NAMES) else ()  # tokenizing is slow
    return [*named, *docstrings(source), *bare_names(source), *(phrase for phrase in PHRASES if phrase in source)]


def test_words_are_plain():
    assert len(FILES) > 500
    assert {str(file): words for file in FILES if (words := faults(file))} == {}
