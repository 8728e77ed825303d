"""Tests of downloads from a misbehaving server: complete in the end or one line, and no byte is fetched twice."""

import hashlib
import os
from pathlib import Path

import pytest

from ne_core.sharing.remote.download import RemoteFile, download
from ne_core.sharing.remote.errors import ChangedError, FetchError, PassingError
from ne_core.sharing.remote.retries import RetryPolicy
from ne_core.sharing.remote.web import Web
from tests.support.web import Fault, Site

CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
QUICK = RetryPolicy(tries=4, first_wait_s=0.001, connect_s=2.0, read_s=0.5)
ETAG = '"one"'


@pytest.fixture
def site():
    with Site() as site:
        site.files["/file"], site.etags["/file"] = CONTENT, ETAG
        yield site


def get(site: Site, path: Path, retry: RetryPolicy = QUICK, **changes) -> bytes:
    fields = {"url": f"{site.address}/file", "size": len(CONTENT), "sha256": SHA256, "validator": ETAG} | changes
    download(Web(retry.connect_s, retry.read_s), RemoteFile(**fields), path, retry)
    return path.read_bytes()


def test_download(site, tmp_path):
    assert get(site, tmp_path / "file") == CONTENT
    assert len(site.requests) == 1


def test_complete_file_is_not_requested(site, tmp_path):
    (tmp_path / "file").write_bytes(CONTENT)
    assert get(site, tmp_path / "file") == CONTENT
    assert site.requests == []


def test_an_empty_file(site, tmp_path):
    assert get(site, tmp_path / "file", size=0, sha256=hashlib.sha256().hexdigest()) == b""
    assert site.requests == []


def test_resumes_without_fetching_a_byte_twice(site, tmp_path):
    site.faults["/file"] = [Fault(cut_after=100_000), Fault(cut_after=50_000)]
    assert get(site, tmp_path / "file") == CONTENT
    assert site.sent["/file"] == len(CONTENT)
    assert [each.headers.get("Range") for each in site.requests] == [None, "bytes=100000-", "bytes=150000-"]
    assert {each.headers.get("If-Range") for each in site.requests[1:]} == {ETAG}


TEMPORARY = {
    "busy": [Fault(status=429, headers={"Retry-After": "0"}), Fault(status=503)],
    "out of order": [Fault(status=500), Fault(status=502)],
    "silent": [Fault(wait_s=1.0)],
    "cut off at once": [Fault(cut_after=0), Fault(cut_after=0)],
    "ignores ranges": [Fault(cut_after=1000), Fault(ignore_range=True)],
    "answers another range": [Fault(cut_after=1000), Fault(other_range=True)],
    "has no range": [Fault(cut_after=1000), Fault(status=416)],
    "says no length": [Fault(no_length=True)],
}


@pytest.mark.parametrize("name", TEMPORARY)
def test_temporary_failures(name, site, tmp_path):
    site.faults["/file"] = list(TEMPORARY[name])
    assert get(site, tmp_path / "file") == CONTENT


PERMANENT = {
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
    "to a file": (Fault(redirect="file:///etc/passwd"), "not allowed"),
    "shorter": (Fault(claimed_length=100), "sends '100' bytes"),
    "longer": (Fault(claimed_length=256_001), "sends '256001' bytes"),
}


@pytest.mark.parametrize("name", PERMANENT)
def test_permanent_failures_are_one_line(name, site, tmp_path):
    fault, message = PERMANENT[name]
    site.always["/file"] = fault
    with pytest.raises(FetchError, match=message) as error:
        get(site, tmp_path / "file", url=f"{site.address}/file?key=secret")
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_silent_or_unreachable_server(site, tmp_path):
    site.always["/file"] = Fault(wait_s=1.0)
    with pytest.raises(PassingError, match="did not answer in time; tried 1 times"):
        get(site, tmp_path / "file", RetryPolicy(tries=1, read_s=0.2))
    with pytest.raises(PassingError, match="cannot be reached from here"):
        get(site, tmp_path / "file", url="http://127.0.0.1:9/file")


def test_slow_server(site, tmp_path, monkeypatch):
    monkeypatch.setattr("ne_core.sharing.remote.download.PACE_OVER_S", 0.2)
    site.always["/file"] = Fault(per_s=200)
    with pytest.raises(PassingError, match="is too slow"):
        get(site, tmp_path / "file", RetryPolicy(tries=1))


def test_never_reads_more_than_the_expected_size(site, tmp_path):
    site.always["/file"] = Fault(no_length=True)
    assert get(site, tmp_path / "file", size=1000, sha256=None) == CONTENT[:1000]


def test_file_with_wrong_checksum_is_removed(site, tmp_path):
    site.files["/file"] = bytes(len(CONTENT))
    with pytest.raises(FetchError, match="does not have the expected checksum"):
        get(site, tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_wrong_partial_file_is_fetched_again(site, tmp_path):
    (tmp_path / "file").write_bytes(bytes(1000))
    assert get(site, tmp_path / "file") == CONTENT
    (tmp_path / "file").write_bytes(bytes(len(CONTENT) + 1))
    assert get(site, tmp_path / "file") == CONTENT


def test_file_that_changes_during_the_download(site, tmp_path):
    site.faults["/file"] = [Fault(cut_after=1000)]
    site.etags["/file"] = '"two"'
    with pytest.raises(ChangedError):
        get(site, tmp_path / "file", sha256=None)


def test_token_goes_to_the_hub_only(site, tmp_path, monkeypatch):
    with Site() as other:
        other.files["/file"] = CONTENT
        site.always["/file"] = Fault(redirect=f"{other.address}/file")
        monkeypatch.setenv("HF_ENDPOINT", site.address)
        monkeypatch.setenv("HF_TOKEN", "secret")
        assert get(site, tmp_path / "file", validator=None) == CONTENT
        assert [each.headers.get("Authorization") for each in site.requests + other.requests] == ["Bearer secret", None]


def test_netrc_is_not_used(site, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    get(site, tmp_path / "file")
    assert "Authorization" not in site.requests[0].headers


def test_no_proxy_for_this_machine(site, tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get(site, tmp_path / "file") == CONTENT


def test_connection_is_reused(site, tmp_path, monkeypatch):
    web, connections = Web(), []
    real = site.server.get_request
    monkeypatch.setattr(site.server, "get_request", lambda: connections.append(1) or real())
    for n in range(3):
        download(web, RemoteFile(f"{site.address}/file", len(CONTENT), SHA256), tmp_path / str(n), QUICK)
    assert len(connections) == 1
    assert len(os.listdir(tmp_path)) == 3
