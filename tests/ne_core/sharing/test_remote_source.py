"""Tests of sources: each kind is read, and anything else is one line that says what would work."""

import pytest

from ne_core.sharing.remote.disk_space import max_bytes
from ne_core.sharing.remote.errors import FetchError
from ne_core.sharing.remote.source import Archive, Folder, Hub, distinct, parse, split
from ne_core.sharing.remote.web import endpoint, redirect_target

COMMIT = "5eefedb41e8107" * 2 + "5eefedb41e81"


def test_kinds_of_source(tiny_atlas):
    assert parse("hf://owner/gpt2-small") == Hub("owner", "gpt2-small", "main")
    assert parse("hf://owner/gpt2-small@v1.0") == Hub("owner", "gpt2-small", "v1.0")
    assert parse("https://host/a/gpt2.atlas.zip?key=1") == Archive("https://host/a/gpt2.atlas.zip?key=1")
    assert parse("http://127.0.0.1:8000/x.zip").name == "x"
    assert parse(str(tiny_atlas)) == Folder(tiny_atlas)


def test_pin():
    assert parse("hf://owner/name").pin is None
    assert parse(f"hf://owner/name@{COMMIT}").pin == COMMIT
    assert parse(f"https://host/a.zip#sha256={'ab' * 32}") == Archive("https://host/a.zip", "ab" * 32)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hf://owner/gpt2-small@main", "gpt2-small"),
        ("https://host/a/gpt2.atlas.zip", "gpt2"),
        ("https://host/a/gpt2.zip?download=1", "gpt2"),
        ("https://host/%2E%2E/..%2Fup.zip", "up"),
        ("https://host/%3Cscript%3E.zip", "script-"),
        ("https://host/", "atlas"),
    ],
)
def test_name_in_links(text, name):
    assert parse(text).name == name


BAD = [
    "hf://owner",
    "hf://owner/",
    "hf:///name",
    "hf://owner/name/more",
    "hf://owner/..",
    "hf://../name",
    "hf://owner/name@",
    "hf://owner/name@../../x",
    "hf://owner/na me",
    "hf://user:secret@host/name",
    "http://example.org/a.zip",
    "http://127.0.0.1.example.org/a.zip",
    "https://user:secret@host/a.zip",
    "https://secret@host/a.zip",
    "https://",
    "https://[::1/a.zip",
    "https://host:port/a.zip",
    "https://host/a b.zip",
    "https://host/a.zip#md5=1",
    "https://host/a.zip#sha256=12",
    "https://hüst/a.zip",
    "https://host/a\x07.zip",
    "ftp://host/a.zip",
    "file:///etc/passwd",
    "https://huggingface.co/datasets/owner/name",
    "/nowhere/at/all",
    "nowhere",
    "hf:owner/name",
    "\x00",
]


@pytest.mark.parametrize("text", BAD)
def test_invalid_source_is_one_line_without_a_secret(text):
    with pytest.raises(FetchError) as error:
        parse(text)
    message = str(error.value)
    assert "\n" not in message
    assert "secret" not in message
    assert len(message) > 30


def test_hub_page_and_local_archive_name_the_alternative(tmp_path):
    (tmp_path / "x.atlas.zip").write_bytes(b"PK")
    for text, instead in (
        ("https://huggingface.co/datasets/owner/name", "hf://owner/name"),
        (str(tmp_path / "x.atlas.zip"), "unpack"),
    ):
        with pytest.raises(FetchError, match=instead):
            parse(text)


def test_address_is_shown_without_query():
    assert str(parse("https://host/a.zip?signature=secret")) == "https://host/a.zip?…"


def test_split_by_commas_and_lines_without_duplicates():
    assert split(" hf://a/b, https://c/d.zip\n/e f\n,\nhf://a/b") == ["hf://a/b", "https://c/d.zip", "/e f"]
    assert split(" \n,") == []


def test_distinct_names():
    assert distinct(["a", "b", "a", "a"]) == ["a", "b", "a-2", "a-3"]
    assert distinct(["a", "a", "a-2"]) == ["a", "a-3", "a-2"]


@pytest.mark.parametrize("url", ["http://example.org", "ftp://x", "https://me:secret@hub.example.org"])
def test_endpoint_is_checked(url, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", url)
    with pytest.raises(FetchError, match=r"^HF_ENDPOINT: ") as error:
        endpoint()
    assert "secret" not in str(error.value)


def test_allowed_redirects():
    assert redirect_target("https://a.org/x/y", "../z") == "https://a.org/z"
    assert redirect_target("https://a.org/x", "https://b.org/x") == "https://b.org/x"
    assert redirect_target("http://127.0.0.1:1/x", "http://localhost:2/x") == "http://localhost:2/x"


@pytest.mark.parametrize("to", ["http://a.org/x", "http://127.0.0.1/x", "https://localhost/x", "file:///x", "//u:p@b/"])
def test_refused_redirects(to):
    with pytest.raises(FetchError, match=r"^https://a.org/x redirects to "):
        redirect_target("https://a.org/x", to)


@pytest.mark.parametrize("text", ["much", "0", "-1", "nan", "inf", "1e99"])
def test_invalid_limit(text, monkeypatch):
    monkeypatch.setenv("NE_MOST_GB", text)
    with pytest.raises(FetchError, match=r"^NE_MOST_GB="):
        max_bytes()
