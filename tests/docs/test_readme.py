"""README.md: its make targets, verbs, options, files and pictures exist."""

import re
import shlex
from pathlib import Path

import pytest

README = Path("README.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.strip().splitlines()]
PRECOMPUTE = [line.split(" -m precompute ")[1] for line in COMMANDS if " -m precompute " in line]
NOTEBOOK = re.findall(r"```python\n(.*?)```", README, re.S)
MAKE = [shlex.split(line)[1] for line in COMMANDS if line.startswith("make ")]


def test_every_command_is_checked():
    assert len(COMMANDS) == len(PRECOMPUTE) + len(MAKE)
    assert PRECOMPUTE
    assert {"demo", "test"} <= set(MAKE)


@pytest.mark.parametrize("arguments", PRECOMPUTE)
def test_precompute_command_parses(arguments):
    from precompute.__main__ import parser

    parser().parse_args(shlex.split(arguments))


@pytest.mark.parametrize("target", MAKE)
def test_make_target_exists(target):
    assert re.search(rf"^{re.escape(target)}:", Path("Makefile").read_text(), re.M)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([\w.]+/[\w./]*\w\.\w+)`|\]\(((?!http)[^)]+)\)", README))))
def test_file_exists(path):
    path = "".join(path)
    if not path.startswith("data/mytexts"):
        assert Path(path).exists()


def test_notebook_code_runs(tiny_atlas):
    (code,) = NOTEBOOK
    assert code.count('"data/demo"') == 1
    names: dict = {}
    exec(code.replace('"data/demo"', repr(str(tiny_atlas))), names)
    assert names["atlas"].manifest.name == "planted"


def test_version_matches_package():
    import tomllib

    from ne_core import VERSION

    assert tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"] == VERSION
