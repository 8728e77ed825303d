"""There and back: what the hub's own client pushed, the explorer's own reader fetches, and it is the same atlas."""

from pathlib import Path

import pytest

from ne_core.sharing.remote.errors import FetchError
from ne_core.sharing.remote.fetch import fetch_to, fetched
from ne_core.sharing.remote.patience import Patience
from ne_core.sharing.remote.source import parse
from tests.precompute.publish.test_push import push
from tests.precompute.steps.test_write import files
from tests.support.hostile import set_manifest
from tests.support.hub import READS, Hub
from tests.support.planted import make_atlas

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
QUICK = Patience(tries=2, first_wait_s=0.001)


def got(source: str, out: Path, inputs: bool = True) -> dict[str, bytes]:
    fetch_to(parse(source), out, inputs, lambda done, whole: None, QUICK)
    return files(out)


def test_it_comes_back_the_same(hub: Hub, tiny_atlas: Path, tmp_path: Path):
    push(tiny_atlas, "me/planted")
    assert got("hf://me/planted", tmp_path / "got") == files(tiny_atlas)


def test_without_inputs_whoever_leaves_them_out(hub: Hub, tiny_atlas: Path, tmp_path: Path):
    built = files(make_atlas(tmp_path / "built", inputs=False))
    push(tiny_atlas, "me/whole")
    push(tiny_atlas, "me/part", "--without-inputs")
    assert got("hf://me/whole", tmp_path / "whole", inputs=False) == built
    assert got("hf://me/part", tmp_path / "part") == built


def test_pushed_again_it_is_fetched_again_and_what_was_before_can_still_be_had(
    hub: Hub,
    tiny_atlas: Path,
    tmp_path: Path,
):
    push(tiny_atlas, "me/planted")
    source, cache = parse("hf://me/planted"), tmp_path / "cache"
    first = fetched(source, cache, patience=QUICK)
    other = make_atlas(tmp_path / "other", inputs=False)
    set_manifest(other, seed=7)
    push(other, "me/planted")
    second = fetched(source, cache, patience=QUICK)
    assert first.version != second.version
    assert files(second.root) == files(other)
    assert got(f"hf://me/planted@{first.version}", tmp_path / "before") == files(tiny_atlas)


def test_a_private_one_is_for_those_with_a_token(hub: Hub, tiny_atlas: Path, tmp_path: Path, monkeypatch):
    push(tiny_atlas, "me/secret", "--private")
    monkeypatch.setenv("HF_TOKEN", READS)
    hub.requests.clear()
    assert got("hf://me/secret", tmp_path / "got") == files(tiny_atlas)
    assert {host for _, host, _, token in hub.requests if token} == {"127.0.0.1"}
    assert {host for _, host, *_ in hub.requests} == {"127.0.0.1", "localhost"}
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(FetchError):
        got("hf://me/secret", tmp_path / "again")
