"""An atlas from elsewhere: once, whole, kept; after a kill it goes on; two at once fetch once; never half-used."""

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
from ne_core.sharing.remote.fetch import at_hand, fetch_to, fetched
from ne_core.sharing.remote.patience import Patience
from ne_core.sharing.remote.source import Archive, Folder, Hub, parse
from ne_core.sharing.remote.together import AT_ONCE
from tests.support.faults import no_space
from tests.support.web import Fault, Site

QUICK = Patience(tries=3, first_wait_s=0.001, connect_s=2.0, read_s=2.0)
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


def get(source, cache: Path, **more):
    return fetched(source, cache, patience=QUICK, **more)


def left_in(cache: Path) -> set[str]:
    """What lies in the folder of the one source, but its lock."""
    return {path.name for path in next(cache.iterdir()).iterdir()} - {"lock"}


def paths_of(site: Site) -> list[str]:
    return [each.path.removeprefix(f"/datasets/{NAME}/resolve/{ONE}/") for each in site.requests]


def test_a_hub_atlas_is_fetched_without_its_inputs_and_is_whole(site, tiny_atlas, tmp_path):
    told = []
    here = get(HUB, tmp_path, told=lambda done, whole: told.append((done, whole)))
    assert list(verify(here.root)) == []
    assert (here.source, here.version, here.note) == ("hf://owner/planted", ONE, "")
    assert not read_manifest(here.root).inputs
    assert not (here.root / "inputs").exists()
    assert not any(path.startswith("inputs/") for path in paths_of(site))
    assert paths_of(site)[:2] == [API, "manifest.json"]
    assert told[-1][0] == told[-1][1] == sum(each["size"] for each in read_manifest(here.root).files.values())
    assert sorted(told) == told
    assert left_in(tmp_path) == {ONE, f"{ONE}.whole"}


def test_an_archive_is_fetched_and_is_whole(site, archive, tiny_atlas, tmp_path):
    here = get(archive, tmp_path)
    assert list(verify(here.root)) == []
    assert (here.root / "manifest.json").read_bytes() == (tiny_atlas / "manifest.json").read_bytes()
    assert here.source == f"{site.address}/planted.atlas.zip?…"
    assert left_in(tmp_path) == {here.version, f"{here.version}.whole"}


def test_a_folder_is_what_it_is(tiny_atlas, tmp_path):
    assert get(Folder(tiny_atlas), tmp_path).root == tiny_atlas
    assert list(tmp_path.iterdir()) == []


def test_the_second_time_only_the_version_is_asked(site, archive, tmp_path):
    for source, asked in ((HUB, [("GET", API)]), (archive, [("HEAD", "/planted.atlas.zip")])):
        first = get(source, tmp_path)
        site.requests.clear()
        assert get(source, tmp_path) == first
        assert [(each.method, each.path) for each in site.requests] == asked


def test_what_is_pinned_is_not_asked_about_again(site, packed, tmp_path):
    get(Hub("owner", "planted", ONE), tmp_path)
    assert API not in paths_of(site)
    site.requests.clear()
    assert get(Hub("owner", "planted", ONE), tmp_path).version == ONE
    assert site.requests == []


def test_a_pinned_archive_must_be_what_was_said(site, archive, packed, tmp_path):
    pinned = Archive(archive.url, hashlib.sha256(packed).hexdigest())
    assert get(pinned, tmp_path).version == pinned.pin
    site.requests.clear()
    get(pinned, tmp_path)
    assert site.requests == []
    with pytest.raises(FetchError, match="checksum"):
        get(Archive(archive.url, "0" * 64), tmp_path)


def elsewhere(function, *arguments) -> None:
    """In a process of its own."""
    child = FORK.Process(target=function, args=arguments)
    child.start()
    child.join()
    assert child.exitcode == 0


@pytest.fixture
def other_atlas(tiny_atlas, tmp_path_factory) -> Path:
    """The same under another name: another version of it."""
    copy = Path(shutil.copytree(tiny_atlas, tmp_path_factory.mktemp("other") / "planted"))
    raw = json.loads((copy / "manifest.json").read_text()) | {"name": "newer"}
    (copy / "manifest.json").write_text(json.dumps(raw))
    return copy


def test_a_new_version_takes_the_place_of_the_old(site, other_atlas, tmp_path):
    elsewhere(get, HUB, tmp_path)  # so that nobody shows the old one any more
    for left in ("3" * 40, f"{'4' * 40}.partial"):  # by killed processes
        (Cache.of(tmp_path, HUB).folder / left).mkdir()
    site.hub(NAME, other_atlas, TWO)
    here = get(HUB, tmp_path)
    assert here.version == TWO
    assert Atlas.open(here.root).manifest.name == "newer"
    assert left_in(tmp_path) == {TWO, f"{TWO}.whole"}


def test_a_version_that_is_shown_stays_until_it_is_no_longer(site, other_atlas, tmp_path):
    old = get(HUB, tmp_path)
    site.hub(NAME, other_atlas, TWO)
    get(HUB, tmp_path)
    assert list(verify(old.root)) == []
    assert left_in(tmp_path) == {ONE, f"{ONE}.whole", TWO, f"{TWO}.whole"}


@pytest.mark.parametrize("fault", [Fault(status=404), Fault(status=500), Fault(cut_after=3)])
def test_where_the_source_does_not_answer_what_is_here_is_used_and_this_is_said(fault, site, tmp_path):
    first = get(HUB, tmp_path)
    site.always[API] = fault
    again = get(HUB, tmp_path)
    assert again.root == first.root
    assert again.note.endswith("Shown is what was fetched before.")
    assert ("404" if fault.status == 404 else "tried 3 times") in again.note
    assert "\n" not in again.note


def test_a_new_version_that_is_broken_does_not_take_the_place_of_the_old(site, other_atlas, tmp_path):
    first = get(HUB, tmp_path)
    site.hub(NAME, other_atlas, TWO)
    site.files[f"/datasets/{NAME}/resolve/{TWO}/vocab.json"] += b" "
    again = get(HUB, tmp_path)
    assert again.root == first.root
    assert "vocab.json" in again.note
    assert at_hand(HUB, tmp_path).version == ONE


def test_a_disk_that_is_full_leaves_the_old_version_in_its_place(site, other_atlas, tmp_path, monkeypatch):
    first = get(HUB, tmp_path)
    site.hub(NAME, other_atlas, TWO)
    monkeypatch.setattr("ne_core.sharing.remote.download.copy", lambda *_: no_space())
    again = get(HUB, tmp_path)
    assert again.root == first.root
    assert "No space left on device" in again.note


def test_what_is_at_hand_is_known_without_the_network(site, tmp_path):
    assert at_hand(HUB, tmp_path) is None
    here = get(HUB, tmp_path)
    site.requests.clear()
    assert at_hand(HUB, tmp_path) == here
    assert site.requests == []


def test_a_kept_atlas_that_lost_bytes_is_fetched_again(site, tmp_path):
    here = get(HUB, tmp_path)
    (here.root / "vocab.json").write_text("[]")
    assert at_hand(HUB, tmp_path) is None
    assert get(HUB, tmp_path) == here
    assert list(verify(here.root)) == []


def broken(site: Site, atlas: Path, **changed) -> None:
    """The manifest on the hub says something else."""
    raw = json.loads((atlas / "manifest.json").read_text()) | changed
    site.files[f"/datasets/{NAME}/resolve/{ONE}/manifest.json"] = json.dumps(raw).encode()


def listed(atlas: Path, **more: dict) -> dict:
    return json.loads((atlas / "manifest.json").read_text())["files"] | more


FILE = {"size": 3, "sha256": "0" * 64}
HOSTILE = {
    "another schema": lambda atlas: {"schema_version": 99},
    "a path out of the folder": lambda atlas: {"files": listed(atlas, **{"../x": FILE})},
    "an absolute path": lambda atlas: {"files": listed(atlas, **{"/tmp/x": FILE})},
    "a file within a file": lambda atlas: {"files": listed(atlas, **{"vocab.json/x": FILE})},
    "a size that is none": lambda atlas: {"files": listed(atlas, x={"size": -1, "sha256": "0" * 64})},
    "no checksum": lambda atlas: {"files": listed(atlas, x={"size": 3})},
    "a file that is not there": lambda atlas: {"files": listed(atlas, x=FILE)},
    "more than is allowed": lambda atlas: {"files": listed(atlas, x=FILE | {"size": 10**12})},
    "not what an atlas has": lambda atlas: {"files": {}},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_manifest_is_one_line_and_nothing_else(name, site, tiny_atlas, tmp_path):
    broken(site, tiny_atlas, **HOSTILE[name](tiny_atlas))
    with pytest.raises(FetchError) as error:
        get(HUB, tmp_path / "cache")
    assert "\n" not in str(error.value)
    assert at_hand(HUB, tmp_path / "cache") is None
    assert {path.name for path in tmp_path.iterdir()} == {"cache"}
    assert not list(tmp_path.rglob("x"))


@pytest.mark.parametrize("answer", [b"", b"[]", b"{", b'{"sha": "../../x"}', b'{"sha": 3}', b"[" * 10**5])
def test_a_hub_that_talks_nonsense(answer, site, tmp_path):
    site.files[API] = answer
    with pytest.raises(FetchError, match="does not say which commit"):
        get(HUB, tmp_path)


def test_an_archive_that_is_none_is_refused_and_fetched_anew_the_next_time(site, archive, packed, tmp_path):
    site.files["/planted.atlas.zip"] = b"<html>" * 100
    with pytest.raises(FetchError, match="no archive of an atlas") as error:
        get(archive, tmp_path)
    assert str(tmp_path) not in str(error.value)
    site.files["/planted.atlas.zip"] = packed
    assert list(verify(get(archive, tmp_path).root)) == []


def test_an_archive_without_a_length_is_not_begun(site, archive, tmp_path):
    site.always["/planted.atlas.zip"] = Fault(no_length=True)
    with pytest.raises(FetchError, match="does not say how large it is"):
        get(archive, tmp_path)


def test_a_host_that_takes_no_head(site, archive, tmp_path):
    site.faults["/planted.atlas.zip"] = [Fault(status=403)]
    assert list(verify(get(archive, tmp_path).root)) == []
    assert site.requests[0].method == "HEAD"


def test_an_archive_that_changes_while_it_is_fetched(site, archive, packed, other_atlas, tmp_path):
    pack(other_atlas, tmp_path / "new.zip")
    path = "/planted.atlas.zip"
    site.faults[path] = [Fault(), Fault(cut_after=1000)]  # seen; cut off; what goes on is another file
    real = site.fault

    def fault(asked: str) -> Fault:
        found = real(asked)
        if found.cut_after:
            site.changes = True
        elif getattr(site, "changes", False):
            site.files[path], site.etags[path] = (tmp_path / "new.zip").read_bytes(), '"two"'
        return found

    site.fault = fault
    assert Atlas.open(get(archive, tmp_path / "cache").root).manifest.name == "newer"


def test_the_limit_and_the_free_disk_are_said_in_figures(site, archive, monkeypatch, tmp_path):
    monkeypatch.setenv("NE_MOST_GB", "0.00001")
    for source in (HUB, archive):
        with pytest.raises(FetchError, match=r"takes 0\.\d+ GB, and at most 0.000 GB are fetched: NE_MOST_GB"):
            get(source, tmp_path)
    monkeypatch.delenv("NE_MOST_GB")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: shutil._ntuple_diskusage(10, 5, 5))
    for source in (HUB, archive):
        with pytest.raises(FetchError, match=r"takes 0\.\d+ GB more, and 0.000 GB are free where "):
            get(source, tmp_path)
    assert site.sent[f"/datasets/{NAME}/resolve/{ONE}/vocab.json"] == 0


def test_an_archive_that_becomes_too_large_is_not_unpacked(site, archive, packed, monkeypatch, tmp_path):
    monkeypatch.setenv("NE_MOST_GB", str((len(packed) + 1) / 10**9))
    with pytest.raises(FetchError, match="unpacked takes"):
        get(archive, tmp_path)


def killed_in_the_middle(source, cache: Path, site: Site, path: str) -> None:
    """Another process fetches it and is killed once half of the file has come."""
    child = FORK.Process(target=get, args=(source, cache))
    child.start()
    until(lambda: site.sent[path] >= len(site.files[path]) / 2)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("kind", ["hub", "archive"])
def test_after_a_kill_it_goes_on_with_the_bytes_that_are_missing(kind, site, archive, tmp_path):
    source = HUB if kind == "hub" else archive
    path = LARGEST if kind == "hub" else "/planted.atlas.zip"
    site.always[path] = Fault(per_s=len(site.files[path]))
    killed_in_the_middle(source, tmp_path, site, path)
    assert at_hand(source, tmp_path) is None
    (partial,) = next(tmp_path.iterdir()).glob("*.partial")
    written = sum(file.stat().st_size for file in partial.rglob("*") if file.is_file())
    assert written > 0
    site.always.clear()
    site.requests.clear()
    here = get(source, tmp_path)
    assert list(verify(here.root)) == []
    wanted = sum(n for path, n in site.requested_bytes().items() if not path.endswith(("manifest.json", "main")))
    assert wanted == total(source, here.root, site) - written


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


def files_asked(site: Site) -> list[str]:
    return [path for path in paths_of(site) if not path.startswith("/api") and path != "manifest.json"]


def until(true) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_small_files_do_not_wait_for_each_other(site, tmp_path):
    site.always = {
        path: Fault(wait_for_release=True) for path in site.files if path.startswith("/datasets") and "json" not in path
    }
    thread = threading.Thread(target=get, args=(HUB, tmp_path))
    thread.start()
    until(lambda: len(files_asked(site)) >= AT_ONCE)
    assert len(files_asked(site)) == AT_ONCE
    site.released.set()
    thread.join()
    assert at_hand(HUB, tmp_path)


def test_one_file_that_fails_ends_the_others(site, tmp_path):
    """That one which is still coming is not waited for, though it would come."""
    site.always[LARGEST] = Fault(per_s=100)
    site.always[f"/datasets/{NAME}/resolve/{ONE}/vocab.json"] = Fault(status=404)
    with pytest.raises(FetchError, match=r"vocab\.json answered 404"):
        get(HUB, tmp_path)
    assert site.sent[LARGEST] < len(site.files[LARGEST])


def test_whoever_waits_for_another_process_is_told(site, tmp_path):
    told = []
    kept = Cache.of(tmp_path, HUB)
    kept.folder.mkdir()
    with kept.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        def waiting() -> None:
            told.append(1)
            fcntl.flock(lock, fcntl.LOCK_UN)

        get(HUB, tmp_path, waiting=waiting)
    assert told == [1]


def test_a_cache_that_cannot_be_written_is_one_line(site, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FetchError, match=r"file.*name another folder"):
        get(HUB, tmp_path / "file" / "cache")


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("NE_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("NE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_folder() == Path("/x/neuron-embeddings")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/y")
    assert cache_folder() == Path("/y/.cache/neuron-embeddings")


def test_fetching_into_a_folder_with_and_without_inputs(site, archive, tiny_atlas, tmp_path):
    out = tmp_path / "deep" / "atlas"
    for source, inputs in ((HUB, False), (HUB, True), (archive, False)):
        fetch_to(source, out, inputs, lambda done, whole: None, QUICK)
        assert list(verify(out)) == []
        assert read_manifest(out).inputs == (inputs or source == archive)
        assert [path.name for path in out.parent.iterdir()] == ["atlas"]
    fetch_to(HUB, out, True, lambda done, whole: None, QUICK)
    assert (out / "manifest.json").read_bytes() == (tiny_atlas / "manifest.json").read_bytes()


def test_a_failure_leaves_the_folder_as_it_was(site, tiny_atlas, tmp_path):
    out = Path(shutil.copytree(tiny_atlas, tmp_path / "atlas"))
    site.always[f"/datasets/{NAME}/resolve/{ONE}/vocab.json"] = Fault(status=404)
    with pytest.raises(FetchError, match=r"vocab\.json answered 404"):
        fetch_to(HUB, out, False, lambda done, whole: None, QUICK)
    assert list(verify(out)) == []


def test_what_is_no_atlas_is_not_replaced(site, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(ValueError, match="holds files and is not an atlas"):
        fetch_to(HUB, tmp_path, False, lambda done, whole: None, QUICK)
    assert site.requests == []
