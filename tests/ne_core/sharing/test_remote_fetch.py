"""Tests of fetching an atlas: once, completely, cached; resumed after a kill; once for two processes."""

import fcntl
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.read_manifest import read_manifest
from ne_core.atlas.verify import verify
from ne_core.sharing.archive import pack
from ne_core.sharing.remote.cache import Cache, cache_folder
from ne_core.sharing.remote.errors import FetchError
from ne_core.sharing.remote.fetch import cached_atlas, fetch_atlas, fetch_to
from ne_core.sharing.remote.parallel import MAX_PARALLEL
from ne_core.sharing.remote.retries import RetryPolicy
from ne_core.sharing.remote.source import Archive, Folder, Hub, parse
from tests.support.faults import no_space
from tests.support.web import Fault, Site

QUICK = RetryPolicy(tries=3, first_wait_s=0.001, connect_s=2.0, read_s=2.0)
ONE, TWO = "1" * 40, "2" * 40
NAME = "owner/planted"
HUB = Hub("owner", "planted")
API = f"/api/datasets/{NAME}/revision/main"
LARGEST = f"/datasets/{NAME}/resolve/{ONE}/features.parquet"
FORK = multiprocessing.get_context("fork")


@pytest.fixture
def site(tiny_atlas, monkeypatch):
    with Site() as site:
        site.hub(NAME, tiny_atlas, ONE)
        monkeypatch.setenv("HF_ENDPOINT", site.address)
        yield site


@pytest.fixture
def archive(site, packed) -> Archive:
    site.files["/planted.atlas.zip"], site.etags["/planted.atlas.zip"] = packed, '"one"'
    return parse(f"{site.address}/planted.atlas.zip?key=secret")


def get(source, cache: Path, **options):
    return fetch_atlas(source, cache, retry=QUICK, **options)


def cached_names(cache: Path) -> set[str]:
    """Return the names in the cache folder of the only source, except its lock."""
    return {path.name for path in next(cache.iterdir()).iterdir()} - {"lock"}


def paths_of(site: Site) -> list[str]:
    return [each.path.removeprefix(f"/datasets/{NAME}/resolve/{ONE}/") for each in site.requests]


def test_hub_atlas_is_fetched_without_inputs(site, tiny_atlas, tmp_path):
    calls = []
    result = get(HUB, tmp_path, on_progress=lambda done, whole: calls.append((done, whole)))
    assert list(verify(result.root)) == []
    assert (result.source, result.version, result.note) == ("hf://owner/planted", ONE, "")
    assert not read_manifest(result.root).inputs
    assert not (result.root / "inputs").exists()
    assert not any(path.startswith("inputs/") for path in paths_of(site))
    assert paths_of(site)[:2] == [API, "manifest.json"]
    assert calls[-1][0] == calls[-1][1] == sum(each["size"] for each in read_manifest(result.root).files.values())
    assert sorted(calls) == calls
    assert cached_names(tmp_path) == {ONE, f"{ONE}.whole"}


def test_archive_is_fetched(site, archive, tiny_atlas, tmp_path):
    result = get(archive, tmp_path)
    assert list(verify(result.root)) == []
    assert (result.root / "manifest.json").read_bytes() == (tiny_atlas / "manifest.json").read_bytes()
    assert result.source == f"{site.address}/planted.atlas.zip?…"
    assert cached_names(tmp_path) == {result.version, f"{result.version}.whole"}


def test_folder_is_returned_as_it_is(tiny_atlas, tmp_path):
    assert get(Folder(tiny_atlas), tmp_path).root == tiny_atlas
    assert list(tmp_path.iterdir()) == []


def test_second_fetch_requests_the_version_only(site, archive, tmp_path):
    for source, requests in ((HUB, [("GET", API)]), (archive, [("HEAD", "/planted.atlas.zip")])):
        first = get(source, tmp_path)
        site.requests.clear()
        assert get(source, tmp_path) == first
        assert [(each.method, each.path) for each in site.requests] == requests


def test_pinned_commit_needs_no_request(site, packed, tmp_path):
    get(Hub("owner", "planted", ONE), tmp_path)
    assert API not in paths_of(site)
    site.requests.clear()
    assert get(Hub("owner", "planted", ONE), tmp_path).version == ONE
    assert site.requests == []


def test_pinned_archive_must_match_its_checksum(site, archive, packed, tmp_path):
    pinned = Archive(archive.url, hashlib.sha256(packed).hexdigest())
    assert get(pinned, tmp_path).version == pinned.pin
    site.requests.clear()
    get(pinned, tmp_path)
    assert site.requests == []
    with pytest.raises(FetchError, match="checksum"):
        get(Archive(archive.url, "0" * 64), tmp_path)


def run_in_process(function, *args) -> None:
    """Call a function in a process of its own."""
    child = FORK.Process(target=function, args=args)
    child.start()
    child.join()
    assert child.exitcode == 0


@pytest.fixture
def other_atlas(tiny_atlas, tmp_path_factory) -> Path:
    """Return the same atlas under another name: another version of it."""
    copy = Path(shutil.copytree(tiny_atlas, tmp_path_factory.mktemp("other") / "planted"))
    raw = json.loads((copy / "manifest.json").read_text()) | {"name": "newer"}
    (copy / "manifest.json").write_text(json.dumps(raw))
    return copy


def test_new_version_replaces_the_old(site, other_atlas, tmp_path):
    run_in_process(get, HUB, tmp_path)  # so that no process shows the old one any more
    for left in ("3" * 40, f"{'4' * 40}.partial"):  # left by killed processes
        (Cache.of(tmp_path, HUB).folder / left).mkdir()
    site.hub(NAME, other_atlas, TWO)
    result = get(HUB, tmp_path)
    assert result.version == TWO
    assert Atlas.open(result.root).manifest.name == "newer"
    assert cached_names(tmp_path) == {TWO, f"{TWO}.whole"}


def test_version_in_use_stays(site, other_atlas, tmp_path):
    old = get(HUB, tmp_path)
    site.hub(NAME, other_atlas, TWO)
    get(HUB, tmp_path)
    assert list(verify(old.root)) == []
    assert cached_names(tmp_path) == {ONE, f"{ONE}.whole", TWO, f"{TWO}.whole"}


@pytest.mark.parametrize("fault", [Fault(status=404), Fault(status=500), Fault(cut_after=3)])
def test_cached_version_is_used_with_a_note_if_the_source_fails(fault, site, tmp_path):
    first = get(HUB, tmp_path)
    site.always[API] = fault
    again = get(HUB, tmp_path)
    assert again.root == first.root
    assert again.note.endswith("Shown is the version that was fetched before.")
    assert ("404" if fault.status == 404 else "tried 3 times") in again.note
    assert "\n" not in again.note


def test_broken_new_version_does_not_replace_the_old(site, other_atlas, tmp_path):
    first = get(HUB, tmp_path)
    site.hub(NAME, other_atlas, TWO)
    site.files[f"/datasets/{NAME}/resolve/{TWO}/vocab.json"] += b" "
    again = get(HUB, tmp_path)
    assert again.root == first.root
    assert "vocab.json" in again.note
    assert cached_atlas(HUB, tmp_path).version == ONE


def test_full_disk_leaves_the_old_version(site, other_atlas, tmp_path, monkeypatch):
    first = get(HUB, tmp_path)
    site.hub(NAME, other_atlas, TWO)
    monkeypatch.setattr("ne_core.sharing.remote.download.copy", lambda *_: no_space())
    again = get(HUB, tmp_path)
    assert again.root == first.root
    assert "No space left on device" in again.note


def test_cached_atlas_needs_no_request(site, tmp_path):
    assert cached_atlas(HUB, tmp_path) is None
    result = get(HUB, tmp_path)
    site.requests.clear()
    assert cached_atlas(HUB, tmp_path) == result
    assert site.requests == []


def test_damaged_cached_atlas_is_fetched_again(site, tmp_path):
    result = get(HUB, tmp_path)
    (result.root / "vocab.json").write_text("[]")
    assert cached_atlas(HUB, tmp_path) is None
    assert get(HUB, tmp_path) == result
    assert list(verify(result.root)) == []


def replace_manifest(site: Site, atlas: Path, **changes) -> None:
    """Replace the manifest on the hub."""
    raw = json.loads((atlas / "manifest.json").read_text()) | changes
    site.files[f"/datasets/{NAME}/resolve/{ONE}/manifest.json"] = json.dumps(raw).encode()


def with_files(atlas: Path, **entries: dict) -> dict:
    return json.loads((atlas / "manifest.json").read_text())["files"] | entries


FILE = {"size": 3, "sha256": "0" * 64}
HOSTILE = {
    "another schema": lambda atlas: {"schema_version": 99},
    "a path out of the folder": lambda atlas: {"files": with_files(atlas, **{"../x": FILE})},
    "an absolute path": lambda atlas: {"files": with_files(atlas, **{"/tmp/x": FILE})},
    "a file within a file": lambda atlas: {"files": with_files(atlas, **{"vocab.json/x": FILE})},
    "a negative size": lambda atlas: {"files": with_files(atlas, x={"size": -1, "sha256": "0" * 64})},
    "no checksum": lambda atlas: {"files": with_files(atlas, x={"size": 3})},
    "a file that is not there": lambda atlas: {"files": with_files(atlas, x=FILE)},
    "too many bytes": lambda atlas: {"files": with_files(atlas, x=FILE | {"size": 10**12})},
    "no files": lambda atlas: {"files": {}},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_manifest_is_one_line_and_leaves_no_file(name, site, tiny_atlas, tmp_path):
    replace_manifest(site, tiny_atlas, **HOSTILE[name](tiny_atlas))
    with pytest.raises(FetchError) as error:
        get(HUB, tmp_path / "cache")
    assert "\n" not in str(error.value)
    assert cached_atlas(HUB, tmp_path / "cache") is None
    assert {path.name for path in tmp_path.iterdir()} == {"cache"}
    assert not list(tmp_path.rglob("x"))


@pytest.mark.parametrize("answer", [b"", b"[]", b"{", b'{"sha": "../../x"}', b'{"sha": 3}', b"[" * 10**5])
def test_invalid_answer_of_the_hub(answer, site, tmp_path):
    site.files[API] = answer
    with pytest.raises(FetchError, match="does not say which commit"):
        get(HUB, tmp_path)


def test_invalid_archive_is_refused_and_fetched_again(site, archive, packed, tmp_path):
    site.files["/planted.atlas.zip"] = b"<html>" * 100
    with pytest.raises(FetchError, match="no archive of an atlas") as error:
        get(archive, tmp_path)
    assert str(tmp_path) not in str(error.value)
    site.files["/planted.atlas.zip"] = packed
    assert list(verify(get(archive, tmp_path).root)) == []


def test_archive_without_a_length_is_refused(site, archive, tmp_path):
    site.always["/planted.atlas.zip"] = Fault(no_length=True)
    with pytest.raises(FetchError, match="does not give its size"):
        get(archive, tmp_path)


def test_host_that_refuses_head(site, archive, tmp_path):
    site.faults["/planted.atlas.zip"] = [Fault(status=403)]
    assert list(verify(get(archive, tmp_path).root)) == []
    assert site.requests[0].method == "HEAD"


def test_archive_that_changes_during_the_download(site, archive, packed, other_atlas, tmp_path):
    pack(other_atlas, tmp_path / "new.zip")
    path = "/planted.atlas.zip"
    site.faults[path] = [Fault(), Fault(cut_after=1000)]  # found; cut off; resumed as another file
    real = site.fault

    def fault(requested: str) -> Fault:
        planned = real(requested)
        if planned.cut_after:
            site.changes = True
        elif getattr(site, "changes", False):
            site.files[path], site.etags[path] = (tmp_path / "new.zip").read_bytes(), '"two"'
        return planned

    site.fault = fault
    assert Atlas.open(get(archive, tmp_path / "cache").root).manifest.name == "newer"


def test_size_limit_and_free_disk(site, archive, monkeypatch, tmp_path):
    monkeypatch.setenv("NE_MOST_GB", "0.00001")
    for source in (HUB, archive):
        with pytest.raises(FetchError, match=r"takes 0\.\d+ GB, and at most 0.000 GB are fetched: raise NE_MOST_GB"):
            get(source, tmp_path)
    monkeypatch.delenv("NE_MOST_GB")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: shutil._ntuple_diskusage(10, 5, 5))
    for source in (HUB, archive):
        with pytest.raises(FetchError, match=r"takes 0\.\d+ GB more, and 0.000 GB are free where "):
            get(source, tmp_path)
    assert site.sent[f"/datasets/{NAME}/resolve/{ONE}/vocab.json"] == 0


def test_archive_that_unpacks_too_large_is_refused(site, archive, packed, monkeypatch, tmp_path):
    monkeypatch.setenv("NE_MOST_GB", str((len(packed) + 1) / 10**9))
    with pytest.raises(FetchError, match="unpacked takes"):
        get(archive, tmp_path)


def kill_while_fetching(source, cache: Path, site: Site, path: str) -> None:
    """Fetch in another process, which is killed once half of the file has come."""
    child = FORK.Process(target=get, args=(source, cache))
    child.start()
    wait_until(lambda: site.sent[path] >= len(site.files[path]) / 2)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("kind", ["hub", "archive"])
def test_resumes_after_a_kill(kind, site, archive, tmp_path):
    source = HUB if kind == "hub" else archive
    path = LARGEST if kind == "hub" else "/planted.atlas.zip"
    site.always[path] = Fault(per_s=len(site.files[path]))
    kill_while_fetching(source, tmp_path, site, path)
    assert cached_atlas(source, tmp_path) is None
    (partial,) = next(tmp_path.iterdir()).glob("*.partial")
    written = sum(file.stat().st_size for file in partial.rglob("*") if file.is_file())
    assert written > 0
    site.always.clear()
    site.requests.clear()
    result = get(source, tmp_path)
    assert list(verify(result.root)) == []
    n_sent = sum(n for path, n in site.requested_bytes().items() if not path.endswith(("manifest.json", "main")))
    assert n_sent == total(source, result.root, site) - written


def total(source, root: Path, site: Site) -> int:
    if isinstance(source, Archive):
        return len(site.files["/planted.atlas.zip"])
    return sum(entry["size"] for entry in read_manifest(root).files.values())


def test_two_processes_fetch_once(site, tmp_path):
    site.always[LARGEST] = Fault(per_s=2 * len(site.files[LARGEST]))
    children = [FORK.Process(target=get, args=(HUB, tmp_path)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    files = [each for each in paths_of(site) if not each.startswith("/api")]
    assert len(files) == len(set(files)) > 10


def requested_files(site: Site) -> list[str]:
    return [path for path in paths_of(site) if not path.startswith("/api") and path != "manifest.json"]


def wait_until(condition) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_files_are_fetched_in_parallel(site, tmp_path):
    site.always = {
        path: Fault(wait_for_release=True) for path in site.files if path.startswith("/datasets") and "json" not in path
    }
    thread = threading.Thread(target=get, args=(HUB, tmp_path))
    thread.start()
    wait_until(lambda: len(requested_files(site)) >= MAX_PARALLEL)
    assert len(requested_files(site)) == MAX_PARALLEL
    site.released.set()
    thread.join()
    assert cached_atlas(HUB, tmp_path)


def test_failed_file_stops_the_others(site, tmp_path):
    """Check that a slow download is stopped, not awaited, when another fails."""
    site.always[LARGEST] = Fault(per_s=100)
    site.always[f"/datasets/{NAME}/resolve/{ONE}/vocab.json"] = Fault(status=404)
    with pytest.raises(FetchError, match=r"vocab\.json answered 404"):
        get(HUB, tmp_path)
    assert site.sent[LARGEST] < len(site.files[LARGEST])


def test_waiting_for_another_process_calls_on_wait(site, tmp_path):
    calls = []
    source_cache = Cache.of(tmp_path, HUB)
    source_cache.folder.mkdir()
    with source_cache.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        def on_wait() -> None:
            calls.append(1)
            fcntl.flock(lock, fcntl.LOCK_UN)

        get(HUB, tmp_path, on_wait=on_wait)
    assert calls == [1]


def test_unwritable_cache_is_one_line(site, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FetchError, match=r"file.*name another folder"):
        get(HUB, tmp_path / "file" / "cache")


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("NE_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("NE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_folder() == Path("/x/neuron-embeddings")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/y")
    assert cache_folder() == Path("/y/.cache/neuron-embeddings")


def test_fetch_to_with_and_without_inputs(site, archive, tiny_atlas, tmp_path):
    out = tmp_path / "deep" / "atlas"
    for source, inputs in ((HUB, False), (HUB, True), (archive, False)):
        fetch_to(source, out, inputs, lambda done, whole: None, QUICK)
        assert list(verify(out)) == []
        assert read_manifest(out).inputs == (inputs or source == archive)
        assert [path.name for path in out.parent.iterdir()] == ["atlas"]
    fetch_to(HUB, out, True, lambda done, whole: None, QUICK)
    assert (out / "manifest.json").read_bytes() == (tiny_atlas / "manifest.json").read_bytes()


def test_failure_leaves_the_folder_unchanged(site, tiny_atlas, tmp_path):
    out = Path(shutil.copytree(tiny_atlas, tmp_path / "atlas"))
    site.always[f"/datasets/{NAME}/resolve/{ONE}/vocab.json"] = Fault(status=404)
    with pytest.raises(FetchError, match=r"vocab\.json answered 404"):
        fetch_to(HUB, out, False, lambda done, whole: None, QUICK)
    assert list(verify(out)) == []


def test_other_folder_is_not_replaced(site, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(ValueError, match="holds files and is not an atlas"):
        fetch_to(HUB, tmp_path, False, lambda done, whole: None, QUICK)
    assert site.requests == []
