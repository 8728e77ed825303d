"""Commands and links of the documents exist: links, commands, options, variables, paths, code."""

import re
import shlex
import tomllib
from argparse import _SubParsersAction
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from ne_core import VERSION
from precompute.__main__ import VERBS, parser

PLACES = ("*.md", "docs/*.md", "data/README.md")
DOCUMENTS = {str(path): path.read_text(encoding="utf-8") for place in PLACES for path in sorted(Path().glob(place))}
MAKEFILE = Path("Makefile").read_text(encoding="utf-8")
COMMAND = re.compile(r"(?:\.venv/bin/)?python -m (\S+)(.*)")
# Made by commands that the documents name, or of a host.
MADE = re.compile(
    r"data/(demo|gpt2|digits|digits-mlp|mytexts|atlas\.txt|deep|mnist|theirs|elsewhere|demo-sae)\b|docs/api/|\.bench/"
)
# Variables of others.
OF_OTHERS = {"HTTPS_PROXY", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"}
# Options of other programs that sentences name.
OPTIONS_OF_OTHERS = {"--no-compile", "--cert", "--osv-url", "--no-deps"}
N_README_LINES = 130


@dataclass(frozen=True)
class Named:
    """A command, link, variable or path, and the document that names it."""

    document: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}: {self.text}"


def blocks(language: str) -> list[Named]:
    """Code blocks of a language; those within lists are indented."""
    pattern = re.compile(rf"^( *)```{language}\n(.*?)^\1```", re.S | re.M)
    return [Named(name, code) for name, text in DOCUMENTS.items() for _, code in pattern.findall(text)]


def prose(text: str) -> str:
    """The text without its code blocks."""
    return re.sub(r"^( *)```.*?^\1```", "", text, flags=re.S | re.M)


def inline(pattern: str) -> list[Named]:
    """Code within sentences and tables, of which a whole span matches."""
    spans = ((name, span) for name, text in DOCUMENTS.items() for span in re.findall(r"`([^`\n]+)`", prose(text)))
    return [Named(*pair) for pair in sorted(set(spans)) if re.fullmatch(pattern, pair[1])]


def by_name(named: list[Named]):
    return pytest.mark.parametrize("named", named, ids=str)


TYPED = [Named(block.document, line.strip()) for block in blocks("sh") for line in block.text.strip().splitlines()]


def test_there_are_documents_and_commands_to_check():
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/README.md", "data/README.md"} <= set(DOCUMENTS)
    readme = {named.text for named in TYPED if named.document == "README.md"}
    assert {"make demo", "make test"} <= readme
    assert any(" -m precompute " in command for command in readme)


# Commands


@by_name(TYPED)
def test_a_command_in_a_block_works_as_it_stands(named: Named):
    if named.text.startswith("make "):
        check_make(named.text)
    else:
        match = COMMAND.fullmatch(named.text)
        assert match, "neither make nor python -m"
        check_module(match[1], shlex.split(match[2]))


@by_name(inline(r"make [a-z].*"))
def test_a_make_command_in_a_sentence_exists(named: Named):
    check_make(named.text)


@by_name(inline(r"(\.venv/bin/)?python -m .*"))
def test_a_python_command_in_a_sentence_exists(named: Named):
    """It may be the beginning of one: options are looked up, not required."""
    match = COMMAND.fullmatch(named.text.split(" > ")[0])
    module, words = match[1], shlex.split(match[2])
    if module == "precompute" and words and words != ["VERB"]:
        options = options_of(words[0])
        assert {word for word in words if word.startswith("--")} <= options
    else:
        assert find_spec(module), module


@by_name(inline(r"neuron-embeddings.*"))
def test_the_installed_command_has_what_is_named(named: Named):
    assert set(named.text.split()[1:2]) <= set(VERBS)


@by_name(inline(r"--[a-z][\w-]*( \S+)*"))
def test_an_option_in_a_sentence_exists(named: Named):
    options = {word for word in named.text.split() if word.startswith("--")}
    known = set().union(*map(options_of, VERBS)) | OPTIONS_OF_OTHERS | deployed_options()
    assert options <= known


def check_make(command: str) -> None:
    words = [word for word in shlex.split(command)[1:] if word != "…"]
    for word in words:
        name, assigned = word.split("=")[0], "=" in word
        assert re.search(rf"^{re.escape(name)} \?=" if assigned else rf"^{re.escape(name)}:", MAKEFILE, re.M) or (
            assigned and f"$({name})" in MAKEFILE
        )


def check_module(module: str, words: list[str]) -> None:
    if module == "precompute" and "--help" in words:
        options_of(words[0])
    elif module == "precompute":
        parser().parse_args(words)
    elif module == "pip":
        assert words[0] == "install"
        assert all(Path(word).exists() for word in words[1:] if not word.startswith("-"))
    else:
        source = Path(find_spec(module if "." in module else f"{module}.__main__").origin)
        source = source.with_name("__main__.py") if source.name == "__init__.py" else source
        assert all(f'"{word}"' in source.read_text() for word in words if word.startswith("--"))


@cache
def options_of(verb: str) -> set[str]:
    """Options of a command of precompute."""
    (verbs,) = (action for action in parser()._actions if isinstance(action, _SubParsersAction))
    assert verb in verbs.choices
    return {option for action in verbs.choices[verb]._actions for option in action.option_strings}


@cache
def deployed_options() -> set[str]:
    """Options that files of deploy/ and the Makefile give to other programs."""
    paths = [path for path in Path("deploy").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    files = [path.read_text(encoding="utf-8") for path in paths]
    return set(re.findall(r"--[a-z][\w-]*", "\n".join([MAKEFILE, *files])))


# Links and paths


def links() -> list[Named]:
    pattern = re.compile(r"\]\(([^)\s]+)\)")
    return [Named(name, link) for name, text in DOCUMENTS.items() for link in sorted(set(pattern.findall(prose(text))))]


@by_name([named for named in links() if "://" not in named.text])
def test_a_link_leads_to_a_file_and_to_a_heading_in_it(named: Named):
    path, _, anchor = named.text.partition("#")
    target = Path(named.document).parent / path if path else Path(named.document)
    assert target.exists()
    if anchor:
        assert anchor in anchors(target.read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_anchors_are_made_as_github_makes_them():
    assert anchors("# To add a page\n## Fetch, and `push`!\n") == {"to-add-a-page", "fetch-and-push"}


@by_name(inline(r"(?!https?:)\.?[\w-]+(/[\w.*-]+)+/?"))
def test_a_path_in_a_sentence_exists(named: Named):
    """True if the path exists from the top, or ends one that does; NAME stands for any name."""
    path = named.text.rstrip("/").replace("NAME", "*")
    if MADE.match(named.text) or named.document == "data/README.md":  # which speaks of paths within an atlas
        return
    if Path(Path(path).parts[0]).is_dir():
        assert list(Path().glob(path))
    elif Path(path).suffix:
        assert [
            match for room in ("ne_core", "pages", "precompute", "tests") for match in Path(room).glob(f"**/{path}")
        ]


def test_every_page_is_in_the_index():
    pages = {Path(name).name for name in DOCUMENTS if name.startswith("docs/")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\(([\w-]+\.md)\)", DOCUMENTS["docs/README.md"]))


def test_the_readme_is_short():
    assert len(DOCUMENTS["README.md"].splitlines()) <= N_README_LINES


# Variables and code


def variables() -> list[Named]:
    pattern = re.compile(r"`(?:[^`\n]*[^\w`])?([A-Z]{2,}_[A-Z_]*[A-Z])\b[^`\n]*`")
    return [
        Named(name, match) for name, text in DOCUMENTS.items() for match in sorted(set(pattern.findall(prose(text))))
    ]


@cache
def code() -> str:
    files = [path for room in ("ne_core", "pages", "precompute", "tests") for path in Path(room).rglob("*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files if path != Path("tests/docs/test_documents.py"))


@by_name(variables())
def test_a_variable_is_read_somewhere(named: Named):
    assert named.text in OF_OTHERS or re.search(rf"\b{named.text}\b", code())


# The lines that record a model's activations are run by tests/precompute/models/test_recorded.py, with a tiny model.
ON_AN_ATLAS = [named for named in blocks("python") if "AutoModel.from_pretrained" not in named.text]


@by_name(ON_AN_ATLAS)
def test_python_code_runs(named: Named, tiny_atlas: Path):
    assert named.text.count('"data/demo"') == 1
    names: dict = {}
    exec(named.text.replace('"data/demo"', repr(str(tiny_atlas))), names)
    if "atlas" in names:
        assert names["atlas"].manifest.name == "planted"


def test_documents_have_code_to_run():
    assert {named.document for named in blocks("python")} >= {"README.md", "docs/notebook.md"}


def test_the_version_is_the_package_s():
    assert tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"] == VERSION
