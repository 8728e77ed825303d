"""Tests of the `fetch` command: its output, default folders, and errors in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from ne_core.atlas.verify import verify
from ne_core.sharing.remote import parallel
from precompute.__main__ import main
from tests.support.web import Fault, Site

ROOT = Path(__file__).parents[3]
SHA = "1" * 40
VOCAB = f"/datasets/owner/planted/resolve/{SHA}/vocab.json"


@pytest.fixture
def site(tiny_atlas, tmp_path, monkeypatch):
    with Site() as site:
        site.hub("owner/planted", tiny_atlas, SHA)
        monkeypatch.setenv("HF_ENDPOINT", site.address)
        monkeypatch.chdir(tmp_path)
        yield site


def test_hub_source_is_fetched_into_data(site, capsys):
    assert main(["fetch", "hf://owner/planted"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("data/planted: ")
    assert captured.out.endswith(f" from hf://owner/planted, version {SHA}, without inputs, checked\n")
    assert captured.err.startswith("[1/1] fetch: ")
    assert list(verify(Path("data/planted"))) == []


def test_out_and_inputs_options(site, capsys, tiny_atlas):
    assert main(["fetch", f"hf://owner/planted@{SHA}", "--out", "deep/mine", "--inputs"]) == 0
    assert ", with inputs, checked" in capsys.readouterr().out
    assert list(verify(Path("deep/mine"))) == []
    assert Path("deep/mine/manifest.json").read_bytes() == (tiny_atlas / "manifest.json").read_bytes()


def test_repeated_command_resumes(site, capsys, monkeypatch):
    monkeypatch.setattr(parallel, "MAX_PARALLEL", 1)  # else a partial file is requested twice after another fails
    site.always[VOCAB] = Fault(status=404)
    assert main(["fetch", "hf://owner/planted"]) == 2
    assert [path.name for path in Path("data").iterdir()] == [f".planted.fetching-{SHA[:16]}"]
    site.always.clear()
    before, _ = list(site.requests), site.requests.clear()
    assert main(["fetch", "hf://owner/planted"]) == 0
    assert "were done before)" in capsys.readouterr().err
    twice = {request.path for request in before} & {request.path for request in site.requests}
    assert {path.rpartition("/")[2] for path in twice} == {"main", "manifest.json", "vocab.json"}
    assert [path.name for path in Path("data").iterdir()] == ["planted"]


BAD = {
    "no source": ["ftp://host/x"],
    "a folder": ["{atlas}"],
    "not there": ["hf://owner/other"],
    "a password": ["https://me:secret@host/x.zip"],
    "other things there": ["hf://owner/planted", "--out", "."],
    "an invalid limit": ["hf://owner/planted"],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_exit_code_2_and_one_line(name, site, tiny_atlas, capsys, monkeypatch):
    Path("thesis.txt").write_text("precious")
    if name == "an invalid limit":
        monkeypatch.setenv("NE_MOST_GB", "much")
    assert main(["fetch", *(part.format(atlas=tiny_atlas) for part in BAD[name])]) == 2
    (message,) = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("[")]
    assert "secret" not in message
    assert len(message) > 30
    assert Path("thesis.txt").read_text() == "precious"


def test_fetch_does_not_import_torch():
    heavy = "('torch', 'transformers', 'scipy')"
    code = f"import sys, precompute.publish.fetch; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("error", ["MemoryError()", "RuntimeError('DefaultCPUAllocator: can\\'t allocate memory')"])
def test_out_of_memory_is_one_line_without_torch(error):
    """Check that classifying an error does not import torch, which an explorer's environment lacks."""
    code = f"""import sys
sys.modules["torch"] = None
from precompute import __main__ as program
def fail(options): raise {error}
program.VERBS["verify"] = fail
sys.exit(program.main(["verify", "data"]))"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("out of memory")
    assert len(done.stderr.splitlines()) == 1
