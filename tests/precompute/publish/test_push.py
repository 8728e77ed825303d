"""An atlas on a double of the hub, by the hub's real client: what is there then, and what is said if not."""

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
from ne_core.sharing.archive.selection import selected
from precompute.__main__ import main
from precompute.publish.push.card import card
from tests.precompute.steps.test_write import files
from tests.support import hub as doubles
from tests.support.hostile import ODD_TEXT, seal, set_manifest
from tests.support.hub import READS, WRITES, Hub
from tests.support.planted import make_atlas

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client, to itself
OURS = {"README.md", ".gitattributes"}


def push(*given) -> int:
    return main(["push", *map(str, given)])


def test_it_is_there_as_it_is(hub: Hub, tiny_atlas: Path, capsys):
    assert push(tiny_atlas, "me/planted", "--license", "cc-by-4.0") == 0
    there = hub.files("me/planted")
    assert {name: data for name, data in there.items() if name not in OURS} == files(tiny_atlas)
    assert there["README.md"].decode() == card(selected(tiny_atlas), "me/planted", "cc-by-4.0")
    assert len(hub.repositories["me/planted"].commits) == 2  # the hub's own, and all of it at once
    said = capsys.readouterr().out
    assert f"{hub.address}/datasets/me/planted: {len(there) - 1} files" in said
    assert said.endswith("NE_ATLAS=hf://me/planted\n")


def test_the_token_goes_to_the_hub_alone(hub: Hub, tiny_atlas: Path):
    push(tiny_atlas, "me/planted")
    assert {host for _, host, _, token in hub.requests if token} == {"127.0.0.1"}
    assert any(path.startswith("/large/") for *_, path, _ in hub.requests)


def test_what_has_not_changed_is_no_commit(hub: Hub, tiny_atlas: Path, capsys):
    push(tiny_atlas, "me/planted")
    before = dict(hub.repositories["me/planted"].commits)
    assert push(tiny_atlas, "me/planted") == 0
    assert hub.repositories["me/planted"].commits == before
    assert "nothing has changed" in capsys.readouterr().out


def test_what_has_changed_is_one_commit(hub: Hub, tiny_atlas: Path, tmp_path: Path, capsys):
    """Files that the atlas has no more go in it, and what is nobody's stays."""
    push(tiny_atlas, "me/planted")
    repository = hub.repositories["me/planted"]
    repository.commit({**repository.files_at("main"), "notes.txt": b"mine"})
    before = len(repository.commits)
    other = make_atlas(tmp_path / "other", inputs=False)
    set_manifest(other, seed=7)
    assert push(other, "me/planted") == 0
    assert len(repository.commits) == before + 1
    there = hub.files("me/planted")
    assert {name: data for name, data in there.items() if name not in OURS} == files(other) | {"notes.txt": b"mine"}
    assert "2 of an earlier push deleted" in capsys.readouterr().out


def test_without_inputs_it_is_the_atlas_that_was_built_so(hub: Hub, tiny_atlas: Path, tmp_path: Path):
    built = make_atlas(tmp_path / "built", inputs=False)
    assert push(tiny_atlas, "me/planted", "--without-inputs") == 0
    assert {name: data for name, data in hub.files("me/planted").items() if name not in OURS} == files(built)


def test_private_stays_private(hub: Hub, tiny_atlas: Path, capsys):
    push(tiny_atlas, "me/secret", "--private")
    assert hub.repositories["me/secret"].private
    assert push(tiny_atlas, "me/secret") == 0
    push(tiny_atlas, "me/open")
    assert push(tiny_atlas, "me/open", "--private") == 2
    assert "is there and public" in capsys.readouterr().err


def test_a_dry_run_asks_nothing_of_anyone(hub: Hub, tiny_atlas: Path, capsys):
    assert push(tiny_atlas, "me/planted", "--dry-run") == 0
    said = capsys.readouterr().out
    assert said.startswith(card(selected(tiny_atlas), "me/planted", None))
    assert all(re.search(rf"^ *{len(data):,}  {name}$", said, re.M) for name, data in files(tiny_atlas).items())
    assert not hub.requests


def one_line(capsys) -> str:
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1, said
    assert len(said[0]) < 300
    return said[0]


@pytest.mark.parametrize(("token", "repository", "why"), [
    (None, "me/planted", "nothing without a token"),
    ("hf_wrong", "me/planted", "does not know this token"),
    (READS, "me/planted", "may not write there"),
    (WRITES, "you/planted", "may not write there"),
])  # fmt: skip
def test_who_may_not(token, repository: str, why: str, hub: Hub, tiny_atlas: Path, monkeypatch, capsys):
    monkeypatch.setenv("HF_TOKEN", token or "")
    assert push(tiny_atlas, repository) == 2
    assert why in one_line(capsys)
    assert not hub.repositories


@pytest.mark.parametrize("name", ["planted", "me/a/b", "../planted", "me/..", "me/a b", "me/", "/a", "me/-x",
    "me/x.git", "https://huggingface.co/datasets/me/x", "me/x--y", "me/x\n", "me/" + "x" * 200, ""])  # fmt: skip
def test_names_that_are_none(name: str, hub: Hub, tiny_atlas: Path, capsys):
    assert main(["push", "--dry-run", str(tiny_atlas), "--", name]) == 2
    assert "takes OWNER/NAME" in one_line(capsys)


def test_a_license_is_one_that_the_hub_knows(hub: Hub, tiny_atlas: Path, capsys):
    assert push(tiny_atlas, "me/planted", "--license", "All rights\nreserved") == 2
    assert "short name" in one_line(capsys)
    assert push(tiny_atlas, "me/planted", "--license", "mine") == 2
    assert "license" in one_line(capsys)


def test_another_data_set_is_left_alone(hub: Hub, tiny_atlas: Path, capsys):
    other = hub.repositories["me/thesis"] = doubles.Repository(private=False)
    other.commit({"README.md": b"# Mine", "data.csv": b"1,2"})
    assert push(tiny_atlas, "me/thesis") == 2
    assert "holds files and no atlas" in one_line(capsys)
    assert hub.files("me/thesis") == {"README.md": b"# Mine", "data.csv": b"1,2"}


def test_what_is_not_whole_is_not_sent(hub: Hub, tiny_atlas: Path, tmp_path: Path, capsys):
    copy = Path(shutil.copytree(tiny_atlas, tmp_path / "atlas"))
    (copy / "mine.txt").write_text("mine")
    assert push(copy, "me/planted") == 2
    assert "holds 'mine.txt', which is not part of the atlas" in one_line(capsys)
    assert not hub.requests


def test_no_network(hub: Hub, tiny_atlas: Path, monkeypatch, capsys):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        monkeypatch.setenv("HF_ENDPOINT", address)
        assert push(tiny_atlas, "me/planted") == 2
    assert f"{address} cannot be reached" in one_line(capsys)


def test_a_token_is_not_sent_where_anyone_could_read_it(hub: Hub, tiny_atlas: Path, monkeypatch, capsys):
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example")
    assert push(tiny_atlas, "me/planted") == 2
    assert "only https is spoken" in one_line(capsys)


def test_two_at_once(hub: Hub, tiny_atlas: Path, monkeypatch, capsys):
    """Somebody's commit between the first look and the last word."""
    push(tiny_atlas, "me/planted")
    repository, tell = hub.repositories["me/planted"], doubles.Handler.send_info

    def tell_and_change(self, *given):
        tell(self, *given)
        repository.commit({**repository.files_at("main"), "README.md": b"# Theirs"})

    monkeypatch.setattr(doubles.Handler, "send_info", tell_and_change)
    capsys.readouterr()
    assert push(tiny_atlas, "me/planted", "--without-inputs") == 2
    assert "has changed meanwhile" in one_line(capsys)
    assert hub.files("me/planted")["README.md"] == b"# Theirs"
    assert "inputs/00.npy" in hub.files("me/planted")


def test_half_of_it_is_never_there(hub: Hub, tiny_atlas: Path, monkeypatch, capsys):
    """The place for large files takes some and no more."""
    put = doubles.Handler.do_PUT

    def broken(self):
        if len(self.hub.large) < 3:
            return put(self)
        self.body()
        self.send(400, b"full")

    monkeypatch.setattr(doubles.Handler, "do_PUT", broken)
    assert push(tiny_atlas, "me/planted") == 2
    assert "was not pushed: Error while uploading" in one_line(capsys)
    assert set(hub.files("me/planted")) == {".gitattributes"}
    monkeypatch.setattr(doubles.Handler, "do_PUT", put)
    assert push(tiny_atlas, "me/planted") == 0
    assert {name: data for name, data in hub.files("me/planted").items() if name not in OURS} == files(tiny_atlas)


def test_a_dry_run_needs_no_client(tiny_atlas: Path):
    absent = ("huggingface_hub", "httpx2", "torch", "transformers", "scipy")
    given = ["push", str(tiny_atlas), "me/planted"]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({absent!r}))\n"
        f"from precompute.__main__ import main; print(main({[*given, '--dry-run']!r}), main({given!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("0 2\n")
    assert done.stderr == "push needs huggingface_hub: install what requirements.txt names\n"


HOSTILE = [
    ODD_TEXT,
    '"\n---\nlicense: mit\n',
    "` <script>alert(1)</script> `` ```\n# Head\n",
    "${x}\n\n[a](javascript:1)|",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_a_card_of_odd_words(words: str, tiny_atlas: Path, tmp_path: Path):
    """The front matter says what it says of every atlas, and nothing below it is anything but text."""
    copy = Path(shutil.copytree(tiny_atlas, tmp_path / "atlas"))
    odd = {words: [words]}
    set_manifest(
        copy, name=words, weights=words, keep=words, max_examples=[words], importance=odd, libraries=odd,
        model={"name": words, "family": odd, "act_fn": None, "sha256": words, "sae": odd},
        corpus={"name": words, "n_documents": words, "notes": [words] * 99},
    )  # fmt: skip
    seal(copy)
    found, plain = card(selected(copy), "me/odd", None), card(selected(tiny_atlas), "me/odd", None)
    front, usual = (yaml.safe_load(each.split("---\n")[1]) for each in (found, plain))
    assert front.pop("pretty_name").startswith("Neuron embeddings: ")
    usual.pop("pretty_name")
    assert front == usual
    below, as_usual = (structure(each) for each in (found, plain))
    assert below == as_usual
    assert found.isprintable() or set(found) - {c for c in found if c.isprintable()} == {"\n"}


def structure(text: str) -> list[str]:
    """Headings, tables and fences, and whatever stands outside code spans that could be anything but words."""
    lines = text.split("---\n", 2)[2].splitlines()
    fixed = [line for line in lines if line.startswith(("## ", "|", "```", "# "))]
    outside = re.sub(r"`[^`\n]*`", "", "\n".join(line for line in lines if not line.startswith("```")))
    assert "<" not in outside
    assert "javascript" not in outside
    return [re.sub(r"`[^`]*`", "`…`", line) if line.startswith("# ") else line for line in fixed]


def test_the_card_names_the_tables_that_the_viewer_shows(tiny_atlas: Path, lab_atlas: Path):
    tables = {"features": "features.parquet", "neurons": "neurons.parquet"}
    for root, more in ((tiny_atlas, {}), (lab_atlas, {"lab": "lab/runs.parquet"})):
        front = yaml.safe_load(card(selected(root), "me/a", "mit").split("---\n")[1])
        shown = {each["config_name"]: each["data_files"] for each in front["configs"]}
        assert shown == {**tables, **more}
        assert set(shown.values()) <= set(json.loads((root / "manifest.json").read_text())["files"])
        assert front["license"] == "mit"


def test_the_card_says_how_to_open_it_what_it_holds_and_whom_to_cite(tiny_atlas: Path, image_atlas: Path):
    whole, lean = (card(selected(tiny_atlas, inputs), "me/a", None) for inputs in (True, False))
    assert "\nNE_ATLAS=hf://me/a make app\n" in whole
    assert "python -m precompute fetch hf://me/a\n" in whole
    assert "arXiv:2411.08166" in whole
    assert "excerpts of the corpus" in whole
    assert "the images themselves" in card(selected(image_atlas), "me/a", None)
    for said, chosen in ((whole, selected(tiny_atlas)), (lean, selected(tiny_atlas, inputs=False))):
        assert hashlib.sha256(chosen.text).hexdigest() in said
        assert f"schema version `{SCHEMA_VERSION}`" in said
    assert "of it `inputs/`" in whole
    assert "without `inputs/`" in lean


def test_the_same_atlas_has_the_same_card_wherever_it_is(tiny_atlas: Path, tmp_path: Path):
    copy = Path(shutil.copytree(tiny_atlas, tmp_path / "elsewhere"))
    assert card(selected(copy), "me/a", None) == card(selected(tiny_atlas), "me/a", None)
