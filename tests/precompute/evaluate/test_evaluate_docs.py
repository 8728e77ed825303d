"""The page of an evaluation, whose command reproduces it, and the other parts when one fails."""

import json
import shlex
from pathlib import Path

import pytest

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from precompute import evaluate
from precompute.__main__ import main, parser
from precompute.evaluate.docs import command_of
from precompute.report import Figure, Report

COMMANDS = [
    ["evaluate", "data/demo"],
    ["evaluate", "data/demo", "--model", "data/models/demo"],
    ["evaluate", "a folder", "--only", "names", "surgery", "--model", "my models/x", "--quick"],
    ["evaluate", "data/demo", "--only", "dictionaries", "--against", "data/a", "data/b c"],
]


@pytest.mark.parametrize("arguments", COMMANDS)
def test_command_round_trips(arguments):
    options = vars(parser().parse_args(arguments))
    words = shlex.split(command_of(options).removeprefix("python -m precompute "))
    assert len(words) == len(arguments), "no option is repeated"
    assert vars(parser().parse_args(words)) == options


def test_documentation_repeats_no_option():
    for page in Path("docs").glob("*.md"):
        for line in page.read_text(encoding="utf-8").splitlines():
            if "-m precompute " in line:
                words = [word for word in line.split() if word.startswith("--")]
                assert len(words) == len(set(words)), (page, line)


def failing_part(*_):
    raise AtlasError("this atlas is too small for it: build one of more examples")


@pytest.fixture
def parts(monkeypatch):
    """Replace the parts by three fakes; the second raises an error."""
    report = Report("a table", (Figure("names_of_a", 1.5, "of 2"),), {"picture": "<svg/>"})
    fakes = {"names": lambda *_: report, "surgery": failing_part, "trust": lambda *_: report}
    monkeypatch.setattr(evaluate, "PARTS", fakes)
    return fakes


def test_failed_part_does_not_stop_the_others(parts, tiny_atlas, tmp_path, capsys):
    out, docs = tmp_path / "figures.json", tmp_path / "docs"
    only = ["--only", "names", "surgery", "trust"]
    assert main(["evaluate", str(tiny_atlas), *only, "--json", str(out), "--docs", str(docs)]) == 2
    written = capsys.readouterr()
    assert written.out.count("a table") == 2
    assert [line for line in written.err.splitlines() if not line.startswith("[")] == [
        "surgery: this atlas is too small for it: build one of more examples"
    ]
    figures = json.loads(out.read_text())
    assert list(figures) == ["names", "trust", "failed"]
    assert figures["failed"] == {"surgery": "this atlas is too small for it: build one of more examples"}
    page = (docs / "evaluation-planted.md").read_text()
    assert page.index("## names") < page.index("## surgery\n\nNot measured:") < page.index("## trust")


def test_successful_parts_give_exit_code_0(parts, tiny_atlas, tmp_path, capsys):
    out = tmp_path / "figures.json"
    assert main(["evaluate", str(tiny_atlas), "--only", "names", "trust", "names", "--json", str(out)]) == 0
    assert list(json.loads(out.read_text())) == ["names", "trust"], "a part that is named twice is measured once"
    heads = [line.split(":")[0] for line in capsys.readouterr().err.splitlines()]
    assert heads == ["[1/2] names", "[2/2] trust"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ZeroDivisionError])
def test_results_before_a_stop_are_written(parts, stop, tiny_atlas, tmp_path, capsys):
    """Stop by interrupt, or by a bug, which stays visible."""

    def stopped(*_):
        raise stop

    parts["surgery"] = stopped
    out = tmp_path / "figures.json"
    arguments = ["evaluate", str(tiny_atlas), "--only", "names", "surgery", "--json", str(out)]
    if stop is KeyboardInterrupt:
        assert main(arguments) == 130
    else:
        with pytest.raises(stop):
            main(arguments)
    assert list(json.loads(out.read_text())) == ["names"]


def test_invalid_atlas_to_compare_with_fails_its_part_alone(tiny_atlas, tmp_path, capsys):
    only = ["--only", "names", "dictionaries", "--against", str(tmp_path)]
    assert main(["evaluate", str(tiny_atlas), *only]) == 2
    written = capsys.readouterr()
    assert "layer 2" in written.out
    assert any(line.startswith(f"dictionaries: {tmp_path}") for line in written.err.splitlines())


@pytest.mark.parametrize("part", ["names", "planted", "counts", "trust", "dictionaries"])
def test_progress_of_long_parts_reaches_the_end(part, tiny_atlas, compared_atlas, monkeypatch):
    calls = []
    options = evaluate.Options((tiny_atlas,), quick=True)
    atlas = Atlas.open(compared_atlas if part == "trust" else tiny_atlas)
    assert isinstance(evaluate.PARTS[part](atlas, options, lambda *done: calls.append(done)), Report)
    assert [done for done, _ in calls] == list(range(1, calls[-1][1] + 1))
