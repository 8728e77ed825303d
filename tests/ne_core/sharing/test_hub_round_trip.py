"""Tests of the round trip over a hub: pushed by the hub's own client, fetched by the explorer's reader."""

from pathlib import Path

import pytest

from ne_core.sharing.remote.errors import FetchError
from ne_core.sharing.remote.fetch import fetch_atlas, fetch_to
from ne_core.sharing.remote.retries import RetryPolicy
from ne_core.sharing.remote.source import parse
from tests.precompute.publish.test_push import push
from tests.precompute.steps.test_write import files
from tests.support.hostile import set_manifest
from tests.support.hub import READS, Hub
from tests.support.planted import make_atlas

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
QUICK = RetryPolicy(tries=2, first_wait_s=0.001)


def fetched_files(source: str, out: Path, inputs: bool = True) -> dict[str, bytes]:
    fetch_to(parse(source), out, inputs, lambda done, whole: None, QUICK)
    return files(out)


def test_round_trip(hub: Hub, tiny_atlas: Path, tmp_path: Path):
    push(tiny_atlas, "me/planted")
    assert fetched_files("hf://me/planted", tmp_path / "got") == files(tiny_atlas)


@pytest.mark.slow
def test_push_and_fetch_without_inputs(hub: Hub, tiny_atlas: Path, tmp_path: Path):
    built = files(make_atlas(tmp_path / "built", inputs=False))
    push(tiny_atlas, "me/whole")
    push(tiny_atlas, "me/part", "--without-inputs")
    assert fetched_files("hf://me/whole", tmp_path / "whole", inputs=False) == built
    assert fetched_files("hf://me/part", tmp_path / "part") == built


def test_new_push_is_fetched_and_the_old_commit_stays_available(
    hub: Hub,
    tiny_atlas: Path,
    tmp_path: Path,
):
    push(tiny_atlas, "me/planted")
    source, cache = parse("hf://me/planted"), tmp_path / "cache"
    first = fetch_atlas(source, cache, retry=QUICK)
    other = make_atlas(tmp_path / "other", inputs=False)
    set_manifest(other, seed=7)
    push(other, "me/planted")
    second = fetch_atlas(source, cache, retry=QUICK)
    assert first.version != second.version
    assert files(second.root) == files(other)
    assert fetched_files(f"hf://me/planted@{first.version}", tmp_path / "before") == files(tiny_atlas)


def test_private_repository_needs_a_token(hub: Hub, tiny_atlas: Path, tmp_path: Path, monkeypatch):
    push(tiny_atlas, "me/secret", "--private")
    monkeypatch.setenv("HF_TOKEN", READS)
    hub.requests.clear()
    assert fetched_files("hf://me/secret", tmp_path / "got") == files(tiny_atlas)
    assert {host for _, host, _, token in hub.requests if token} == {"127.0.0.1"}
    assert {host for _, host, *_ in hub.requests} == {"127.0.0.1", "localhost"}
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(FetchError):
        fetched_files("hf://me/secret", tmp_path / "again")
