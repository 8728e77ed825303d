"""What a source may be: each kind read, everything else one line that says what would have worked."""

import pytest

from ne_core.sharing.remote.errors import FetchError
from ne_core.sharing.remote.room import most_bytes
from ne_core.sharing.remote.source import Archive, Folder, Hub, distinct, parse, split
from ne_core.sharing.remote.web import endpoint, onward

COMMIT = "5eefedb41e8107" * 2 + "5eefedb41e81"


def test_the_three_kinds(tiny_atlas):
    assert parse("hf://owner/gpt2-small") == Hub("owner", "gpt2-small", "main")
    assert parse("hf://owner/gpt2-small@v1.0") == Hub("owner", "gpt2-small", "v1.0")
    assert parse("https://host/a/gpt2.atlas.zip?key=1") == Archive("https://host/a/gpt2.atlas.zip?key=1")
    assert parse("http://127.0.0.1:8000/x.zip").name == "x"
    assert parse(str(tiny_atlas)) == Folder(tiny_atlas)


def test_what_is_pinned_says_so():
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
def test_the_name_that_links_carry(text, name):
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
def test_what_is_no_source_is_one_line_without_a_secret(text):
    with pytest.raises(FetchError) as error:
        parse(text)
    said = str(error.value)
    assert "\n" not in said
    assert "secret" not in said
    assert len(said) > 30


def test_a_page_of_the_hub_and_an_archive_on_disk_say_what_to_write_instead(tmp_path):
    (tmp_path / "x.atlas.zip").write_bytes(b"PK")
    for text, instead in (
        ("https://huggingface.co/datasets/owner/name", "hf://owner/name"),
        (str(tmp_path / "x.atlas.zip"), "unpack"),
    ):
        with pytest.raises(FetchError, match=instead):
            parse(text)


def test_an_address_is_shown_without_its_query():
    assert str(parse("https://host/a.zip?signature=secret")) == "https://host/a.zip?…"


def test_several_are_split_by_commas_and_lines_and_each_is_taken_once():
    assert split(" hf://a/b, https://c/d.zip\n/e f\n,\nhf://a/b") == ["hf://a/b", "https://c/d.zip", "/e f"]
    assert split(" \n,") == []


def test_equal_names_are_told_apart():
    assert distinct(["a", "b", "a", "a"]) == ["a", "b", "a-2", "a-3"]
    assert distinct(["a", "a", "a-2"]) == ["a", "a-3", "a-2"]


@pytest.mark.parametrize("url", ["http://example.org", "ftp://x", "https://me:secret@hub.example.org"])
def test_the_hub_is_reached_as_safely_as_anything_else(url, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", url)
    with pytest.raises(FetchError, match=r"^HF_ENDPOINT: ") as error:
        endpoint()
    assert "secret" not in str(error.value)


def test_redirects_that_are_followed():
    assert onward("https://a.org/x/y", "../z") == "https://a.org/z"
    assert onward("https://a.org/x", "https://b.org/x") == "https://b.org/x"
    assert onward("http://127.0.0.1:1/x", "http://localhost:2/x") == "http://localhost:2/x"


@pytest.mark.parametrize("to", ["http://a.org/x", "http://127.0.0.1/x", "https://localhost/x", "file:///x", "//u:p@b/"])
def test_redirects_that_are_not(to):
    with pytest.raises(FetchError, match=r"^https://a.org/x redirects to "):
        onward("https://a.org/x", to)


@pytest.mark.parametrize("text", ["much", "0", "-1", "nan", "inf", "1e99"])
def test_a_limit_that_is_none(text, monkeypatch):
    monkeypatch.setenv("NE_MOST_GB", text)
    with pytest.raises(FetchError, match=r"^NE_MOST_GB="):
        most_bytes()
