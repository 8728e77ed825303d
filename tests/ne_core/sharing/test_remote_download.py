"""One file from a server that misbehaves: whole in the end or one line, and no byte is fetched twice."""

import hashlib
import os
from pathlib import Path

import pytest

from ne_core.sharing.remote.download import Wanted, download
from ne_core.sharing.remote.errors import ChangedError, FetchError, PassingError
from ne_core.sharing.remote.patience import Patience
from ne_core.sharing.remote.web import Web
from tests.support.web import Fault, Site

CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
QUICK = Patience(tries=4, first_wait_s=0.001, connect_s=2.0, read_s=0.5)
ETAG = '"one"'


@pytest.fixture
def site():
    with Site() as site:
        site.files["/file"], site.etags["/file"] = CONTENT, ETAG
        yield site


def get(site: Site, path: Path, patience: Patience = QUICK, **wanted) -> bytes:
    given = {"url": f"{site.address}/file", "size": len(CONTENT), "sha256": SHA256, "validator": ETAG} | wanted
    download(Web(patience.connect_s, patience.read_s), Wanted(**given), path, patience)
    return path.read_bytes()


def test_a_file(site, tmp_path):
    assert get(site, tmp_path / "file") == CONTENT
    assert len(site.requests) == 1


def test_what_is_whole_is_not_asked_for_again(site, tmp_path):
    (tmp_path / "file").write_bytes(CONTENT)
    assert get(site, tmp_path / "file") == CONTENT
    assert site.requests == []


def test_an_empty_file(site, tmp_path):
    assert get(site, tmp_path / "file", size=0, sha256=hashlib.sha256().hexdigest()) == b""
    assert site.requests == []


def test_it_goes_on_where_it_was_cut_off_and_fetches_no_byte_twice(site, tmp_path):
    site.faults["/file"] = [Fault(cut_after=100_000), Fault(cut_after=50_000)]
    assert get(site, tmp_path / "file") == CONTENT
    assert site.sent["/file"] == len(CONTENT)
    assert [each.headers.get("Range") for each in site.requests] == [None, "bytes=100000-", "bytes=150000-"]
    assert {each.headers.get("If-Range") for each in site.requests[1:]} == {ETAG}


TROUBLE = {
    "busy": [Fault(status=429, headers={"Retry-After": "0"}), Fault(status=503)],
    "out of order": [Fault(status=500), Fault(status=502)],
    "silent": [Fault(wait_s=1.0)],
    "cut off at once": [Fault(cut_after=0), Fault(cut_after=0)],
    "ignores ranges": [Fault(cut_after=1000), Fault(ignore_range=True)],
    "answers another range": [Fault(cut_after=1000), Fault(other_range=True)],
    "has no range": [Fault(cut_after=1000), Fault(status=416)],
    "says no length": [Fault(no_length=True)],
}


@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_that_passes(name, site, tmp_path):
    site.faults["/file"] = list(TROUBLE[name])
    assert get(site, tmp_path / "file") == CONTENT


LASTING = {
    "not there": (Fault(status=404), "404"),
    "private": (Fault(status=401), "HF_TOKEN"),
    "forbidden": (Fault(status=403), "403"),
    "teapot": (Fault(status=418), "418"),
    "encoded": (Fault(headers={"Content-Encoding": "gzip"}), "encoding"),
    "out of order": (Fault(status=500), "500.*tried 4 times"),
    "busy": (Fault(status=429), "429.*tried 4 times"),
    "cut off": (Fault(cut_after=0), "was cut off.*tried 4 times"),
    "round and round": (Fault(redirect="/file"), "redirects again"),
    "to where nobody goes": (Fault(redirect="http://example.org/file"), "only https"),
    "to a file": (Fault(redirect="file:///etc/passwd"), "not followed"),
    "shorter": (Fault(claimed_length=100), "sends '100' bytes"),
    "longer": (Fault(claimed_length=256_001), "sends '256001' bytes"),
}


@pytest.mark.parametrize("name", LASTING)
def test_trouble_that_lasts_is_one_line(name, site, tmp_path):
    fault, said = LASTING[name]
    site.always["/file"] = fault
    with pytest.raises(FetchError, match=said) as error:
        get(site, tmp_path / "file", url=f"{site.address}/file?key=secret")
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_a_server_that_is_silent_or_not_there(site, tmp_path):
    site.always["/file"] = Fault(wait_s=1.0)
    with pytest.raises(PassingError, match="did not answer in time; tried 1 times"):
        get(site, tmp_path / "file", Patience(tries=1, read_s=0.2))
    with pytest.raises(PassingError, match="cannot be reached from here"):
        get(site, tmp_path / "file", url="http://127.0.0.1:9/file")


def test_a_server_that_drips(site, tmp_path, monkeypatch):
    monkeypatch.setattr("ne_core.sharing.remote.download.PACE_OVER_S", 0.2)
    site.always["/file"] = Fault(per_s=200)
    with pytest.raises(PassingError, match="is too slow"):
        get(site, tmp_path / "file", Patience(tries=1))


def test_no_more_bytes_are_taken_than_were_said(site, tmp_path):
    site.always["/file"] = Fault(no_length=True)
    assert get(site, tmp_path / "file", size=1000, sha256=None) == CONTENT[:1000]


def test_the_wrong_bytes_are_not_kept(site, tmp_path):
    site.files["/file"] = bytes(len(CONTENT))
    with pytest.raises(FetchError, match="its checksum differs"):
        get(site, tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_a_beginning_that_was_wrong_is_fetched_anew(site, tmp_path):
    (tmp_path / "file").write_bytes(bytes(1000))
    assert get(site, tmp_path / "file") == CONTENT
    (tmp_path / "file").write_bytes(bytes(len(CONTENT) + 1))
    assert get(site, tmp_path / "file") == CONTENT


def test_a_file_that_changes_meanwhile_is_noticed(site, tmp_path):
    site.faults["/file"] = [Fault(cut_after=1000)]
    site.etags["/file"] = '"two"'
    with pytest.raises(ChangedError):
        get(site, tmp_path / "file", sha256=None)


def test_the_token_goes_to_the_hub_and_nowhere_else(site, tmp_path, monkeypatch):
    with Site() as other:
        other.files["/file"] = CONTENT
        site.always["/file"] = Fault(redirect=f"{other.address}/file")
        monkeypatch.setenv("HF_ENDPOINT", site.address)
        monkeypatch.setenv("HF_TOKEN", "secret")
        assert get(site, tmp_path / "file", validator=None) == CONTENT
        assert [each.headers.get("Authorization") for each in site.requests + other.requests] == ["Bearer secret", None]


def test_no_password_is_looked_for_in_the_home_folder(site, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    get(site, tmp_path / "file")
    assert "Authorization" not in site.requests[0].headers


def test_this_machine_is_not_asked_through_a_proxy(site, tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get(site, tmp_path / "file") == CONTENT


def test_files_share_a_connection(site, tmp_path, monkeypatch):
    web, connections = Web(), []
    real = site.server.get_request
    monkeypatch.setattr(site.server, "get_request", lambda: connections.append(1) or real())
    for n in range(3):
        download(web, Wanted(f"{site.address}/file", len(CONTENT), SHA256), tmp_path / str(n), QUICK)
    assert len(connections) == 1
    assert len(os.listdir(tmp_path)) == 3
