"""Tests of `host`: each folder has what its host needs, the app starts from it, and names are inserted literally."""

import configparser
import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from packaging.utils import canonicalize_name

from ne_core.atlas import Atlas
from precompute.__main__ import main
from precompute.models.model_facts import weights_sha256
from precompute.models.of_atlas import FOLDERS, find_model
from precompute.publish.host import host
from precompute.publish.host.fill import check_names, fill_names
from precompute.publish.host.targets import TARGETS
from tests.bench.visits.server import PATIENCE_S, browse, run_page
from tests.support.browser import launched
from tests.support.planted import make_atlas
from tests.support.tiny_models import tiny_checkpoint
from tests.support.views import drawn
from tests.support.web import Site

COMMON = {"app.py", "pages", "ne_core", ".streamlit", "requirements.txt", "data", "README.md"}
HOSTILE = ['a "quote"', "two\nlines", "a $variable", "50%n", "<script>", "`whoami`", "{{site}}", "[x](y)", "", " x"]


@pytest.fixture(scope="module", params=TARGETS)
def target_folder(request, tmp_path_factory, tiny_atlas: Path) -> tuple[str, Path]:
    """Return a target, and the folder written for it with an atlas in it."""
    out = tmp_path_factory.mktemp("hosts") / request.param
    arguments = ["host", request.param, "--atlas", str(tiny_atlas), "--out", str(out)]
    assert main([*arguments, "--title", "Planted, 2 layers", "--site", "atlas.example.org", "--path", "see"]) == 0
    return request.param, out


def test_folder_has_exactly_the_needed_files(target_folder):
    target, out = target_folder
    assert {path.name for path in out.iterdir()} == COMMON | set(TARGETS[target].files.values())
    assert not [path for path in out.rglob("*") if path.name == "__pycache__" or path.is_symlink()]
    for name in TARGETS[target].files.values():
        assert "{{" not in (out / name).read_text()
        assert name != "Dockerfile" or "precompute" not in (out / name).read_text()


def test_explorer_starts_from_the_folder(target_folder, app_only: Path):
    target, out = target_folder
    options, base = (["--server.baseUrlPath=see"], "see/") if target == "nginx" else ([], "")
    with (
        launched(None, subprocess.DEVNULL, *options, python=app_only, folder=out) as (process, port),
        browse(process, port, base) as connection,
    ):
        for page in ("", "neuron", "map", "about"):
            run_page(connection, page, "atlas=planted")


def test_atlas_is_complete_without_inputs(target_folder):
    _, out = target_folder
    assert main(["verify", str(out / "data" / "planted")]) == 0
    assert not Atlas.open(out / "data" / "planted").manifest.inputs


def test_requirements_match_a_fresh_environment(target_folder, app_only: Path):
    _, out = target_folder
    command = [app_only, "-m", "pip", "--disable-pip-version-check", "list", "--format", "json", "--exclude", "pip"]
    done = subprocess.run([*command, "--exclude", "setuptools"], capture_output=True, text=True, check=True)
    fresh = {f"{canonicalize_name(each['name'])}=={each['version']}" for each in json.loads(done.stdout)}
    assert set((out / "requirements.txt").read_text().split()) == fresh


def test_space_header(target_folder):
    target, out = target_folder
    if target == "space":
        header = yaml.safe_load((out / "README.md").read_text().split("---\n")[1])
        assert header.pop("title") == "Planted, 2 layers"
        assert (header["sdk"], header["app_port"], header["datasets"]) == ("docker", 8501, [])
        assert len(header["short_description"]) <= 60


def test_systemd_unit(target_folder):
    target, out = target_folder
    if target == "nginx":
        unit = configparser.RawConfigParser(strict=False)
        unit.optionxform = str
        unit.read(out / "neuron-embeddings.service")
        assert unit["Unit"]["Description"] == "Planted, 2 layers"
        command = unit["Service"]["ExecStart"].split()
        assert command[1:5] == ["-m", "streamlit", "run", "app.py"]
        assert {"--server.address=127.0.0.1", "--server.baseUrlPath=see"} <= set(command)
        assert unit["Service"]["DynamicUser"] == "yes"


@pytest.mark.parametrize("target", TARGETS)
def test_source_to_fetch_is_one_line(target: str, tmp_path: Path):
    out = tmp_path / "out"
    host(target, "hf://somebody/gpt2-small", out, None, "localhost", "explorer")
    assert [path.name for path in (out / "data").iterdir()] == ["atlas.txt"]
    assert (out / "data" / "atlas.txt").read_text() == "hf://somebody/gpt2-small\n"
    assert "Neuron embeddings of gpt2-small" in (out / "README.md").read_text()
    if target == "space":
        assert yaml.safe_load((out / "README.md").read_text().split("---\n")[1])["datasets"] == ["somebody/gpt2-small"]


def test_source_in_the_folder_is_fetched(app_only: Path, tiny_atlas: Path, tmp_path: Path, monkeypatch):
    """Start the app from the written folder only; the hub is a double."""
    host("streamlit", "hf://somebody/planted", tmp_path / "out", None, "localhost", "explorer")
    with Site() as hub:
        hub.hub("somebody/planted", tiny_atlas, "1" * 40)
        for name, value in (("HF_ENDPOINT", hub.address), ("NE_CACHE", str(tmp_path / "cache"))):
            monkeypatch.setenv(name, value)
        with (
            launched(None, subprocess.DEVNULL, python=app_only, folder=tmp_path / "out") as (process, port),
            browse(process, port) as connection,
        ):
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline and b"<b>planted</b>" not in drawn(connection, "neuron"):
                time.sleep(0.2)
            assert b"<b>planted</b>" in drawn(connection, "neuron", "atlas=planted&layer=0&neuron=1")


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_names_are_refused(title: str):
    with pytest.raises(ValueError, match="would work"):
        check_names(title, "localhost", "explorer")
    for site, path in ((title, "explorer"), ("localhost", title), ("a b", "x"), ("x;", "x"), ("x", "a/b"), ("x", "..")):
        with pytest.raises(ValueError, match="would work"):
            check_names("good", site, path)


def test_placeholders_are_known_and_files_are_used():
    paths = [path for path in Path("deploy").rglob("*") if path.is_file() and path.parts[1] != "environment"]
    files = {path.relative_to("deploy").as_posix(): path.read_text() for path in paths}
    assert set(files) == {template for target in TARGETS.values() for template in target.files}
    names = check_names("good", "localhost", "explorer") | {"source": "s", "datasets": "[]", "copy_live": ""}
    for text in files.values():
        assert "{{" not in fill_names(text, names)


@pytest.fixture(scope="module")
def with_model(tmp_path_factory) -> tuple[Path, Path]:
    """An atlas of a tiny model, and the folder that holds the model."""
    place = tmp_path_factory.mktemp("with_model")
    tiny_checkpoint("gpt2", place / "models" / "gpt2")
    atlas, model = (
        make_atlas(place / "planted"),
        {"name": "owner/gpt2", "sha256": weights_sha256(place / "models/gpt2")},
    )
    raw = json.loads((atlas / "manifest.json").read_text())
    (atlas / "manifest.json").write_text(json.dumps(raw | {"model": raw["model"] | model}))
    return atlas, place / "models"


def test_with_a_live_model_its_code_and_weights_and_the_inputs_go_along(with_model, tmp_path, monkeypatch, capsys):
    atlas, models = with_model
    monkeypatch.setenv(FOLDERS, str(models))
    out = tmp_path / "out"
    assert main(["host", "docker", "--atlas", str(atlas), "--out", str(out), "--live"]) == 0
    assert weights_sha256(out / "data/models/gpt2") == weights_sha256(models / "gpt2")
    assert Atlas.open(out / "data/planted").manifest.inputs
    added = [
        *(out / "precompute").rglob("*"),
        *(out / "data/models").rglob("*"),
        *(out / "data/planted/inputs").iterdir(),
    ]
    megabytes = sum(each.stat().st_size for each in added if each.is_file()) / 1e6
    assert capsys.readouterr().out.splitlines()[1].startswith(f"{megabytes:,.1f} MB of it are for the live model")
    assert "COPY precompute ./precompute" in (out / "Dockerfile").read_text()
    packages = {line.split("==")[0] for line in (out / "requirements.txt").read_text().split()}
    assert {"torch", "transformer-lens", "streamlit"} <= packages
    monkeypatch.delenv(FOLDERS)
    monkeypatch.setattr("precompute.models.of_atlas.SHIPPED", out / "data/models")
    assert find_model(Atlas.open(out / "data/planted"))[0] == str(out / "data/models/gpt2")


@pytest.mark.parametrize("case", ["another model", "no model", "a source"])
def test_a_live_model_that_cannot_go_along_is_one_line_and_leaves_nothing(
    with_model, tmp_path, monkeypatch, capsys, case
):
    source, message = str(with_model[0]), "is missing"
    if case == "another model":
        tiny_checkpoint("gpt2", tmp_path / "models" / "gpt2", seed=1)
        monkeypatch.setenv(FOLDERS, str(tmp_path / "models"))
        message = "has other weights than that of this atlas"
    if case == "a source":
        source, message = "hf://owner/name", "give --atlas a folder"
    monkeypatch.setattr("precompute.models.of_atlas.on_hub", lambda name: False)
    capsys.readouterr()
    assert main(["host", "docker", "--atlas", source, "--out", str(tmp_path / "out"), "--live"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (tmp_path / "out").exists()


BAD = {
    "no such host": ["geocities", "--atlas", "{atlas}"],
    "no atlas": ["docker"],
    "an atlas that is not there": ["docker", "--atlas", "{place}/nowhere"],
    "a scheme that is not read": ["docker", "--atlas", "ftp://example.org/x.zip"],
    "a source that is no repository": ["space", "--atlas", "hf://one/two/three"],
    "an address with a password": ["space", "--atlas", "https://me:secret@example.org/x.atlas.zip"],
    "an address with a key": ["space", "--atlas", "https://example.org/x.atlas.zip?key=secret"],
    "an address of this machine": ["space", "--atlas", "http://localhost/x.atlas.zip"],
    "a title with a quote": ["space", "--atlas", "{atlas}", "--title", '"'],
    "a folder that holds things": ["space", "--atlas", "{atlas}", "--out", "{place}/full"],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_leaves_nothing(name: str, tiny_atlas: Path, tmp_path: Path, capsys):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("precious")
    arguments = [part.format(place=tmp_path, atlas=tiny_atlas) for part in BAD[name]]
    try:
        code = main(["host", "--out", str(tmp_path / "out"), *arguments])
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    assert (code, captured.out, len(captured.err.splitlines())) == (2, "", 1)
    assert "secret" not in captured.err
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "thesis.txt"]


def test_incomplete_atlas_is_refused(tiny_atlas: Path, tmp_path: Path):
    broken = shutil.copytree(tiny_atlas, tmp_path / "broken")
    (broken / "layers" / "00" / "trees.npy").write_bytes(b"")
    with pytest.raises(ValueError, match=r"trees\.npy"):
        host("docker", str(broken), tmp_path / "out", None, "localhost", "explorer")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("target", ["streamlit", "space"])
def test_size_limits_of_hosts(target: str):
    limits = TARGETS[target]
    limits.check({"a.npy": limits.max_file_size, "b.npy": limits.max_file_size})
    with pytest.raises(ValueError, match=r"^a\.npy of the atlas has .* --atlas hf://owner/name$"):
        limits.check({"a.npy": limits.max_file_size + 1})
    with pytest.raises(ValueError, match=r"^the atlas has .* --atlas hf://owner/name$"):
        limits.check(dict.fromkeys(map(str, range(200)), limits.max_file_size))
