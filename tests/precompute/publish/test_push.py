"""Tests of `push` against a double of the hub, with the hub's real client: uploaded files and errors."""

import hashlib
import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ne_core.atlas.schema import SCHEMA_VERSION
from ne_core.sharing.archive.selection import select_files
from precompute.__main__ import main
from precompute.publish.push.card import card
from tests.precompute.steps.test_write import files
from tests.support import hub as doubles
from tests.support.hostile import ODD_TEXT, seal, set_manifest
from tests.support.hub import READS, WRITES, Hub
from tests.support.planted import make_atlas

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client, to itself
HUB_FILES = {"README.md", ".gitattributes"}


def push(*arguments) -> int:
    return main(["push", *map(str, arguments)])


def test_push_uploads_every_file(hub: Hub, tiny_atlas: Path, capsys):
    assert push(tiny_atlas, "me/planted", "--license", "cc-by-4.0") == 0
    uploaded = hub.files("me/planted")
    assert {name: data for name, data in uploaded.items() if name not in HUB_FILES} == files(tiny_atlas)
    assert uploaded["README.md"].decode() == card(select_files(tiny_atlas), "me/planted", "cc-by-4.0")
    assert len(hub.repositories["me/planted"].commits) == 2  # the hub's own, and one with all files
    report = capsys.readouterr().out
    assert f"{hub.address}/datasets/me/planted: {len(uploaded) - 1} files" in report
    assert report.endswith("NE_ATLAS=hf://me/planted\n")


def test_token_goes_to_the_hub_only(hub: Hub, tiny_atlas: Path):
    push(tiny_atlas, "me/planted")
    assert {host for _, host, _, token in hub.requests if token} == {"127.0.0.1"}
    assert any(path.startswith("/large/") for *_, path, _ in hub.requests)


def test_unchanged_atlas_is_no_commit(hub: Hub, tiny_atlas: Path, capsys):
    push(tiny_atlas, "me/planted")
    before = dict(hub.repositories["me/planted"].commits)
    assert push(tiny_atlas, "me/planted") == 0
    assert hub.repositories["me/planted"].commits == before
    assert "nothing has changed" in capsys.readouterr().out


def test_changes_are_one_commit(hub: Hub, tiny_atlas: Path, tmp_path: Path, capsys):
    """Check that files gone from the atlas are deleted, and other files stay."""
    push(tiny_atlas, "me/planted")
    repository = hub.repositories["me/planted"]
    repository.commit({**repository.files_at("main"), "notes.txt": b"mine"})
    before = len(repository.commits)
    other = make_atlas(tmp_path / "other", inputs=False)
    set_manifest(other, seed=7)
    assert push(other, "me/planted") == 0
    assert len(repository.commits) == before + 1
    uploaded = hub.files("me/planted")
    assert {name: data for name, data in uploaded.items() if name not in HUB_FILES} == files(other) | {
        "notes.txt": b"mine"
    }
    assert "2 of an earlier push deleted" in capsys.readouterr().out


def test_push_without_inputs(hub: Hub, tiny_atlas: Path, tmp_path: Path):
    built = make_atlas(tmp_path / "built", inputs=False)
    assert push(tiny_atlas, "me/planted", "--without-inputs") == 0
    assert {name: data for name, data in hub.files("me/planted").items() if name not in HUB_FILES} == files(built)


def test_private_stays_private(hub: Hub, tiny_atlas: Path, capsys):
    push(tiny_atlas, "me/secret", "--private")
    assert hub.repositories["me/secret"].private
    assert push(tiny_atlas, "me/secret") == 0
    push(tiny_atlas, "me/open")
    assert push(tiny_atlas, "me/open", "--private") == 2
    assert "exists and is public" in capsys.readouterr().err


def test_dry_run_sends_no_request(hub: Hub, tiny_atlas: Path, capsys):
    assert push(tiny_atlas, "me/planted", "--dry-run") == 0
    report = capsys.readouterr().out
    assert report.startswith(card(select_files(tiny_atlas), "me/planted", None))
    assert all(re.search(rf"^ *{len(data):,}  {name}$", report, re.M) for name, data in files(tiny_atlas).items())
    assert not hub.requests


def one_line(capsys) -> str:
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert len(lines[0]) < 300
    return lines[0]


@pytest.mark.parametrize(("token", "repository", "message"), [
    (None, "me/planted", "nothing without a token"),
    ("hf_wrong", "me/planted", "does not know this token"),
    (READS, "me/planted", "may not write there"),
    (WRITES, "you/planted", "may not write there"),
])  # fmt: skip
def test_missing_permissions(token, repository: str, message: str, hub: Hub, tiny_atlas: Path, monkeypatch, capsys):
    monkeypatch.setenv("HF_TOKEN", token or "")
    assert push(tiny_atlas, repository) == 2
    assert message in one_line(capsys)
    assert not hub.repositories


@pytest.mark.parametrize("name", ["planted", "me/a/b", "../planted", "me/..", "me/a b", "me/", "/a", "me/-x",
    "me/x.git", "https://huggingface.co/datasets/me/x", "me/x--y", "me/x\n", "me/" + "x" * 200, ""])  # fmt: skip
def test_invalid_repository_names(name: str, hub: Hub, tiny_atlas: Path, capsys):
    assert main(["push", "--dry-run", str(tiny_atlas), "--", name]) == 2
    assert "takes OWNER/NAME" in one_line(capsys)


def test_invalid_license(hub: Hub, tiny_atlas: Path, capsys):
    assert push(tiny_atlas, "me/planted", "--license", "All rights\nreserved") == 2
    assert "short name" in one_line(capsys)
    assert push(tiny_atlas, "me/planted", "--license", "mine") == 2
    assert "license" in one_line(capsys)


def test_other_dataset_is_left_unchanged(hub: Hub, tiny_atlas: Path, capsys):
    other = hub.repositories["me/thesis"] = doubles.Repository(private=False)
    other.commit({"README.md": b"# Mine", "data.csv": b"1,2"})
    assert push(tiny_atlas, "me/thesis") == 2
    assert "holds files and no atlas" in one_line(capsys)
    assert hub.files("me/thesis") == {"README.md": b"# Mine", "data.csv": b"1,2"}


def test_incomplete_atlas_is_not_sent(hub: Hub, tiny_atlas: Path, tmp_path: Path, capsys):
    copy = Path(shutil.copytree(tiny_atlas, tmp_path / "atlas"))
    (copy / "mine.txt").write_text("mine")
    assert push(copy, "me/planted") == 2
    assert "holds 'mine.txt', which is not part of the atlas" in one_line(capsys)
    assert not hub.requests


def test_no_network(hub: Hub, tiny_atlas: Path, monkeypatch, capsys):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # does not listen
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        monkeypatch.setenv("HF_ENDPOINT", address)
        assert push(tiny_atlas, "me/planted") == 2
    assert f"{address} cannot be reached" in one_line(capsys)


def test_no_token_over_http(hub: Hub, tiny_atlas: Path, monkeypatch, capsys):
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example")
    assert push(tiny_atlas, "me/planted") == 2
    assert "only https is allowed" in one_line(capsys)


def test_concurrent_commit(hub: Hub, tiny_atlas: Path, monkeypatch, capsys):
    """Commit something else between the client's first request and its commit."""
    push(tiny_atlas, "me/planted")
    repository, tell = hub.repositories["me/planted"], doubles.Handler.send_info

    def tell_and_change(self, *args):
        tell(self, *args)
        repository.commit({**repository.files_at("main"), "README.md": b"# Theirs"})

    monkeypatch.setattr(doubles.Handler, "send_info", tell_and_change)
    capsys.readouterr()
    assert push(tiny_atlas, "me/planted", "--without-inputs") == 2
    assert "was changed during the push" in one_line(capsys)
    assert hub.files("me/planted")["README.md"] == b"# Theirs"
    assert "inputs/00.npy" in hub.files("me/planted")


def test_failed_upload_leaves_no_partial_atlas(hub: Hub, tiny_atlas: Path, monkeypatch, capsys):
    """Let the storage of large files fail after three."""
    put = doubles.Handler.do_PUT

    def failing_put(self):
        if len(self.hub.large) < 3:
            return put(self)
        self.body()
        self.send(400, b"full")

    monkeypatch.setattr(doubles.Handler, "do_PUT", failing_put)
    assert push(tiny_atlas, "me/planted") == 2
    assert "was not pushed: Error while uploading" in one_line(capsys)
    assert set(hub.files("me/planted")) == {".gitattributes"}
    monkeypatch.setattr(doubles.Handler, "do_PUT", put)
    assert push(tiny_atlas, "me/planted") == 0
    assert {name: data for name, data in hub.files("me/planted").items() if name not in HUB_FILES} == files(tiny_atlas)


def test_dry_run_needs_no_client(tiny_atlas: Path):
    missing = ("huggingface_hub", "httpx2", "torch", "transformers", "scipy")
    command = ["push", str(tiny_atlas), "me/planted"]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({missing!r}))\n"
        f"from precompute.__main__ import main; print(main({[*command, '--dry-run']!r}), main({command!r}))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.endswith("0 2\n")
    assert process.stderr == "push needs huggingface_hub: install what requirements.txt names\n"


HOSTILE = [
    ODD_TEXT,
    '"\n---\nlicense: mit\n',
    "` <script>alert(1)</script> `` ```\n# Head\n",
    "${x}\n\n[a](javascript:1)|",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_card_with_odd_texts(words: str, tiny_atlas: Path, tmp_path: Path):
    """Check that odd texts change neither the front matter nor the structure of the card."""
    copy = Path(shutil.copytree(tiny_atlas, tmp_path / "atlas"))
    odd = {words: [words]}
    set_manifest(
        copy, name=words, weights=words, keep=words, max_examples=[words], importance=odd, libraries=odd,
        model={"name": words, "family": odd, "act_fn": None, "sha256": words, "sae": odd},
        corpus={"name": words, "n_documents": words, "notes": [words] * 99},
    )  # fmt: skip
    seal(copy)
    odd_card, plain_card = card(select_files(copy), "me/odd", None), card(select_files(tiny_atlas), "me/odd", None)
    front, plain_front = (yaml.safe_load(text.split("---\n")[1]) for text in (odd_card, plain_card))
    assert front.pop("pretty_name").startswith("Neuron embeddings: ")
    plain_front.pop("pretty_name")
    assert front == plain_front
    odd_structure, plain_structure = (structure(text) for text in (odd_card, plain_card))
    assert odd_structure == plain_structure
    assert odd_card.isprintable() or set(odd_card) - {c for c in odd_card if c.isprintable()} == {"\n"}


def structure(text: str) -> list[str]:
    """Return headings, tables and fences, after checking that no markup is outside code spans."""
    lines = text.split("---\n", 2)[2].splitlines()
    fixed = [line for line in lines if line.startswith(("## ", "|", "```", "# "))]
    outside = re.sub(r"`[^`\n]*`", "", "\n".join(line for line in lines if not line.startswith("```")))
    assert "<" not in outside
    assert "javascript" not in outside
    return [re.sub(r"`[^`]*`", "`…`", line) if line.startswith("# ") else line for line in fixed]


def test_card_lists_the_tables(tiny_atlas: Path, lab_atlas: Path):
    tables = {"features": "features.parquet", "neurons": "neurons.parquet"}
    for root, lab_table in ((tiny_atlas, {}), (lab_atlas, {"lab": "lab/runs.parquet"})):
        front = yaml.safe_load(card(select_files(root), "me/a", "mit").split("---\n")[1])
        configs = {config["config_name"]: config["data_files"] for config in front["configs"]}
        assert configs == {**tables, **lab_table}
        assert set(configs.values()) <= set(json.loads((root / "manifest.json").read_text())["files"])
        assert front["license"] == "mit"


def test_card_has_commands_contents_and_citation(tiny_atlas: Path, image_atlas: Path):
    with_inputs, without_inputs = (card(select_files(tiny_atlas, inputs), "me/a", None) for inputs in (True, False))
    assert "\nNE_ATLAS=hf://me/a make app\n" in with_inputs
    assert "python -m precompute fetch hf://me/a\n" in with_inputs
    assert "arXiv:2411.08166" in with_inputs
    assert "excerpts of the corpus" in with_inputs
    assert "the images themselves" in card(select_files(image_atlas), "me/a", None)
    for text, selection in (
        (with_inputs, select_files(tiny_atlas)),
        (without_inputs, select_files(tiny_atlas, inputs=False)),
    ):
        assert hashlib.sha256(selection.text).hexdigest() in text
        assert f"schema version `{SCHEMA_VERSION}`" in text
    assert "of it `inputs/`" in with_inputs
    assert "without `inputs/`" in without_inputs


def test_card_does_not_depend_on_the_folder(tiny_atlas: Path, tmp_path: Path):
    copy = Path(shutil.copytree(tiny_atlas, tmp_path / "elsewhere"))
    assert card(select_files(copy), "me/a", None) == card(select_files(tiny_atlas), "me/a", None)
