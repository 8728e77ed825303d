"""`make gpt2`: its command line, its refusal without a hub, and its preset on a model and a text of this machine."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ne_core.atlas import Atlas
from precompute.__main__ import main, parser
from precompute.config import PRESETS, RunConfig
from precompute.hub_check import missing_inputs
from precompute.run import hub
from precompute.run.run_folder import run_path
from tests.bench.build import BuildFigures
from tests.bench.gpt2_laptop import Growth, growth, laptop_config, minutes
from tests.support import tiny_models

LAPTOP, CORPUS = PRESETS["gpt2-laptop"], "Skylion007/openwebtext"
TEXT = "the same words come back and then a model reads more text about cats and dogs "


def arguments(*variables: str) -> list[str]:
    """Arguments of the build that `make gpt2` starts, read from a dry run."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    dry = subprocess.run(["make", "-n", "-B", "gpt2", *variables], capture_output=True, text=True, check=True).stdout
    (line,) = (line for line in dry.splitlines() if "-m precompute build" in line)
    return shlex.split(line)[3:]


def config_of(arguments: list[str]) -> RunConfig:
    options = vars(parser().parse_args(arguments))
    del options["verb"], options["restart"]
    return PRESETS[options.pop("preset")].with_options(options)


def test_command_line_is_the_preset_into_its_folder():
    config = config_of(arguments())
    assert config == LAPTOP.with_options({"out": "data/gpt2"})
    assert (config.model, config.corpus, config.atlas_name) == ("gpt2", CORPUS, "gpt2")


def test_model_and_text_may_have_spaces():
    config = config_of(arguments("MODEL=my models/gpt 2", "TEXT=my text.txt"))
    assert (config.model, config.corpus, config.examples) == ("my models/gpt 2", "my text.txt", LAPTOP.examples)


def test_preset_is_what_the_docs_say():
    text = " ".join(Path("docs/build.md").read_text(encoding="utf-8").split())
    for fact in (
        f"{LAPTOP.examples:,} examples of {LAPTOP.context} tokens",
        f"at most {LAPTOP.max_examples} examples of each neuron",
        f"{LAPTOP.importance_passes:,} masked passes",
    ):
        assert fact in text
    assert (LAPTOP.importance_examples, LAPTOP.layers) == (1, None)


def test_paper_preset_has_the_defaults_and_the_papers_embedding():
    assert PRESETS["gpt2-small"] == RunConfig(name="gpt2-small", embedding="neuron")
    assert (PRESETS["gpt2-small"].default_cut, RunConfig().default_cut) == (0.5, 0.8)


def test_without_a_hub_the_command_stops_at_once_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(hub, "reachable", lambda: False)
    monkeypatch.setattr("precompute.hub_check.may_be_downloaded", lambda model: True)
    monkeypatch.setitem(sys.modules, "precompute.build", None)  # importing it, which takes seconds, would fail
    assert main([*arguments()[:-1], str(tmp_path / "gpt2")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"gpt2 and {CORPUS}: not on this machine, and the model hub cannot be reached")
    assert "make gpt2 MODEL=FOLDER TEXT=FILE.txt" in line
    assert not list(tmp_path.iterdir())


def test_local_model_and_text_need_no_hub(tmp_path, monkeypatch):
    monkeypatch.setattr("precompute.hub_check.may_be_downloaded", lambda model: True)
    model, text = {"model": str(tmp_path)}, {"corpus": "any.txt"}
    assert missing_inputs(LAPTOP) == ["gpt2", CORPUS]
    assert missing_inputs(LAPTOP.with_options(model)) == [CORPUS]
    assert missing_inputs(LAPTOP.with_options(text)) == ["gpt2"]
    assert missing_inputs(LAPTOP.with_options(model | text)) == []
    assert missing_inputs(LAPTOP.with_options(model | {"corpus": "offline"})) == []


def test_downloaded_model_and_stopped_run_need_no_hub(tmp_path, monkeypatch):
    config = LAPTOP.with_options({"out": str(tmp_path / "gpt2")})
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    assert missing_inputs(config) == ["gpt2", CORPUS]
    snapshot = tmp_path / "hub" / "models--gpt2" / "snapshots" / "abc"
    write(snapshot / "config.json", "{}")
    write(snapshot.parents[1] / "refs" / "main", "abc")
    assert missing_inputs(config) == ["gpt2", CORPUS]  # the download of the weights was stopped
    write(snapshot / "model.safetensors", "")
    assert missing_inputs(config) == [CORPUS]
    write(run_path(config.directory) / "corpus" / "0.npz", "")
    assert missing_inputs(config) == []
    assert missing_inputs(config, restart=True) == [CORPUS]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.slow
def test_preset_builds_from_a_local_model_and_text(tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "reachable", lambda: pytest.fail("the hub was asked"))
    monkeypatch.setattr(tiny_models, "N_CTX", LAPTOP.context)
    model = tiny_models.tiny_checkpoint("gpt2", tmp_path / "model")
    write(tmp_path / "text.txt", "\n\n".join(TEXT[3 * i :] * 9 for i in range(20)))
    command = arguments(f"MODEL={model}", f"TEXT={tmp_path / 'text.txt'}")
    assert main([*command[:-1], str(tmp_path / "gpt2")]) == 0
    atlas = Atlas.open(tmp_path / "gpt2")
    assert len(atlas.features["size"])
    assert 0 < atlas.manifest.importance.passes <= LAPTOP.importance_passes
    assert atlas.neurons["n_examples"].max() <= LAPTOP.max_examples


def test_benchmark_extrapolates_each_step_by_its_own_growth():
    """Features double with the rows: similar features takes four times as long."""
    seconds = {"collect": 60.0, "features": 60.0, "importance": 60.0, "similar features": 60.0}
    assert minutes(seconds, Growth(examples=4, passes=3, rows=2)) == 4 + 2 + 3 + 2**2


def test_benchmark_has_a_quarter_of_the_examples_and_a_third_of_the_layers():
    build = BuildFigures({}, 1.0, n_neurons=10, n_rows=250, n_features=20, n_passes=LAPTOP.importance_passes // 4)
    assert growth(build) == Growth(examples=4, passes=4, rows=2 * 3)  # at most 50 rows a neuron: twice as many
    assert laptop_config(Path("model"), Path("out")).context == LAPTOP.context
