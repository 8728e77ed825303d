"""The command line: every knob is an option, and invalid input is exit code 2 and one line."""

import io
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from precompute.__main__ import main, parser
from precompute.config import PRESETS, ConfigError, RunConfig, knobs, preset
from precompute.run.progress import Progress, duration
from precompute.steps.maxima import read_maxima
from tests.support.tiny_models import tiny_checkpoint

LINES = "\n\n".join(["the same words come back", "cats and dogs are animals", "a model reads text"] * 30)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a model, and valid and invalid corpora."""
    place = tmp_path_factory.mktemp("place")
    tiny_checkpoint("gpt2", place / "model")
    shutil.copytree(place / "model", place / "untokenized")
    for path in (place / "untokenized").glob("tokenizer*"):
        path.unlink()
    (place / "text.txt").write_text(LINES)
    (place / "empty.txt").write_text("\n\n")
    (place / "bad.jsonl").write_text('{"text": "the same"}\n{"text": \n')
    (place / "other.jsonl").write_text('{"body": "the same"}\n')
    (place / "full").mkdir()
    (place / "full" / "thesis.txt").write_text("precious")
    (place / "short.csv").write_text("layer,neuron,maximum\n0,0,1\n")
    (place / "odd.csv").write_text("layer,neuron,height\n0,0,1\n")
    return place


BAD = {
    "nothing": [],
    "unknown verb": ["bake"],
    "unknown preset": ["build", "--preset", "gpt9"],
    "unknown option": ["build", "--colour", "red"],
    "not a number": ["build", "--examples", "many"],
    "keep of nothing": ["build", "--keep", "0"],
    "keep above one": ["build", "--keep", "1.5"],
    "cut beyond opposite": ["build", "--cut", "3"],
    "window without back": ["build", "--window", "0,10"],
    "window of one number": ["build", "--window", "20"],
    "no examples": ["build", "--examples", "0"],
    "context of one": ["build", "--context", "1"],
    "packing": ["build", "--packing", "tight"],
    "weights": ["build", "--weights", "heavy"],
    "a name with a slash": ["build", "--name", "../up"],
    "importance below zero": ["build", "--importance-passes", "-1"],
    "dtype": ["build", "--dtype", "float8"],
    "no such model": ["build", "--model", "{place}/nowhere"],
    "no tokenizer": ["build", "--model", "{place}/untokenized"],
    "no such layer": ["build", "--layers", "7"],
    "no such corpus": ["build", "--corpus", "{place}/nowhere.txt"],
    "empty corpus": ["build", "--corpus", "{place}/empty.txt"],
    "broken line": ["build", "--corpus", "{place}/bad.jsonl"],
    "no such field": ["build", "--corpus", "{place}/other.jsonl"],
    "context too long": ["build", "--context", "4000"],
    "no such mask": ["build", "--mask", "black"],
    "no such maxima": ["build", "--maxima", "{place}/nowhere.csv"],
    "maxima of one neuron": ["build", "--maxima", "{place}/short.csv"],
    "maxima without maximum": ["build", "--maxima", "{place}/odd.csv"],
    "out holds other things": ["build", "--out", "{place}/full"],
    "out is a file": ["build", "--out", "{place}/text.txt"],
    "no threads": ["build", "--threads", "0"],
    "sample of one": ["build", "--sample-positions", "1"],
    "inputs perhaps": ["build", "--inputs", "perhaps"],
    "no such engine": ["build", "--engine", "steam"],
    "address of no cluster": ["build", "--address", "127.0.0.1:1"],
    "status of nothing": ["status", "{place}/nowhere"],
    "no such device": ["build", "--device", "abacus"],
    "no such GPU": ["build", "--device", "cuda:0"],
    "verify nothing": ["verify", "{place}/nowhere"],
    "verify what is no atlas": ["verify", "{place}/full"],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_exit_code_2_and_one_line(place: Path, name: str, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    command = [part.format(place=place) for part in BAD[name]]
    if command[:1] == ["build"]:
        defaults = {"--model": f"{place}/model", "--corpus": f"{place}/text.txt", "--context": "16", "--examples": "8"}
        defaults["--out"] = str(tmp_path / "atlas")
        command += [part for pair in defaults.items() if pair[0] not in command for part in pair]
    try:
        code = main(command)
    except SystemExit as stop:
        code = stop.code
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("[")]  # progress
    assert code == 2
    assert len(lines) == 1, lines
    assert len(lines[0]) > 15
    assert list(tmp_path.iterdir()) == []
    assert (place / "full" / "thesis.txt").read_text() == "precious"


@pytest.mark.slow
def test_bad_input_prints_one_line_in_a_process_of_its_own(place: Path):
    """Check that libraries print nothing else."""
    command = [sys.executable, "-m", "precompute", "build", "--model", f"{place}/nowhere", "--corpus", "offline"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_help_names_every_knob_and_its_presets(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["build", "--help"])
    text = capsys.readouterr().out
    assert stop.value.code == 0
    for knob in knobs():
        assert f"--{knob.name.replace('_', '-')} " in text
    assert "demo: 2000" in text


def test_every_knob_has_a_help_text():
    assert all(len(knob.metadata["help"]) > 10 for knob in knobs())


def options(*arguments: str) -> RunConfig:
    values = vars(parser().parse_args(["build", *arguments]))
    del values["verb"], values["restart"]
    return preset(values.pop("preset")).with_options(values)


def test_option_overrides_the_preset():
    config = options("--preset", "demo", "--window", "8,0", "--layers", "0,2", "--mask", "mean-embedding,token: the")
    assert (config.window, config.layers, config.mask) == ((8, 0), (0, 2), ("mean-embedding", "token: the"))
    assert config.with_options({"window": (20, 10), "layers": None, "mask": PRESETS["demo"].mask}) == PRESETS["demo"]
    assert options("--preset", "demo", "--importance-passes", "all").importance_passes is None
    assert options() == RunConfig(name="gpt2-small")
    assert options("--preset", "gpt2-small", "--embedding", "standardised") == options()


def test_another_model_does_not_take_over_name_and_masks_of_the_preset():
    """Check name, folder and masks: a build of another model does not overwrite the demo's atlas."""
    assert options("--preset", "demo", "--model", "mine").mask == ()
    assert options("--preset", "demo", "--model", "mine").directory == Path("data/mine")
    assert options("--preset", "demo", "--model", "mine", "--name", "demo").directory == Path("data/demo")
    assert options("--preset", "demo", "--examples", "9").directory == Path("data/demo")


def test_atlas_is_named_after_its_model(place: Path):
    assert str(RunConfig(model=str(place / "model")).directory) == "data/model"
    assert str(RunConfig(model="EleutherAI/pythia-70m").directory) == "data/pythia-70m"
    assert str(RunConfig(name="mine", out="elsewhere/x").directory) == "elsewhere/x"
    assert str(PRESETS["demo"].directory) == "data/demo"


@pytest.mark.parametrize(("verb", "then"), [("build", "continues from here"), ("pack", "starts again")])
def test_interruption_is_one_line_that_says_if_work_is_kept(verb, then, monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("precompute.__main__.run", interrupted)
    assert main([verb]) == 130
    assert capsys.readouterr().err == f"interrupted: the same command {then}\n"


def test_verify_of_a_valid_atlas(tiny_atlas, capsys):
    assert main(["verify", str(tiny_atlas)]) == 0
    assert "is complete and unchanged" in capsys.readouterr().out


def test_verify_lists_every_problem(tiny_atlas, tmp_path, capsys):
    copy = Path(shutil.copytree(tiny_atlas, tmp_path / "atlas"))
    (copy / "one").write_text("")
    (copy / "two").write_text("")
    assert main(["verify", str(copy)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_maxima_are_read_by_layer_in_any_order(tmp_path: Path, kind: str):
    rows = [(2, 0, 5.0), (0, 1, -1.5), (0, 0, 3.0), (9, 0, 1.0)]
    path = tmp_path / f"maxima.{kind}"
    if kind == "csv":
        path.write_text("neuron,layer,maximum,note\n" + "".join(f"{n},{layer},{m},x\n" for layer, n, m in rows))
    else:
        names = ("layer", "neuron", "maximum")
        pq.write_table(pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))), path)
    maxima = read_maxima(path, {0: 2, 2: 1})
    assert {layer: values.tolist() for layer, values in maxima.items()} == {0: [3.0, -1.5], 2: [5.0]}


@pytest.mark.parametrize("text", ["0,0,1\n0,7,1", "0,0,nan\n0,1,2", "0,0,1\n0,1,two", "0,0,1\n0,1", ""])
def test_invalid_maxima_are_refused_in_one_line(tmp_path: Path, text: str):
    path = tmp_path / "maxima.csv"
    path.write_text(f"layer,neuron,maximum\n{text}\n")
    with pytest.raises(ConfigError) as error:
        read_maxima(path, {0: 2})
    assert "\n" not in str(error.value)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_shows_rate_and_time_left():
    now, stream = [0.0], io.StringIO()
    progress = Progress(2, stream, clock=lambda: now[0])
    with progress.stage("collect", "examples") as on_progress:
        for done in range(0, 101, 10):
            now[0] += 5
            on_progress(done, 100)
    with progress.stage("write"):
        now[0] += 1
    lines = stream.getvalue().splitlines()
    assert lines[0] == "[1/2] collect: 10/100 examples, 1.0/s, 1 min 30 s left"
    assert lines[-2:] == ["[1/2] collect: 100 examples in 55.0 s", "[2/2] write: 1.0 s"]
    assert len(lines) < 9  # not a line for every call


def test_progress_stays_on_its_line_on_a_terminal():
    now, stream = [0.0], Terminal()
    with Progress(1, stream, clock=lambda: now[0]).stage("collect", "examples") as on_progress:
        for done in (1, 2, 3):
            now[0] += 1
            on_progress(done, 3)
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith("3 examples in 3.0 s\n")


def test_format_of_durations():
    assert [duration(s) for s in (0.04, 59.4, 61.0, 3599.7, 7300.0)] == [
        "0.0 s", "59.4 s", "1 min 01 s", "1 h 00 min", "2 h 01 min"
    ]  # fmt: skip
