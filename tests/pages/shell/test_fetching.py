"""NE_ATLAS in the app: no source, an atlas being fetched, a failure, and the requested view once it is ready."""

import time
from pathlib import Path

import pytest

from ne_core.sharing.remote import fetcher as fetching
from pages.components.shell import atlas_sources
from pages.components.shell.nav import PAGES
from tests.support.apptest import open_app, url, words
from tests.support.web import Fault, Site

SHA = "1" * 40
PATH = "/planted.atlas.zip"
HELD = Fault(wait_for_release=True)


@pytest.fixture
def site(tiny_atlas, packed, tmp_path, monkeypatch):
    with Site() as site:
        site.files[PATH] = packed
        site.etags[PATH] = '"one"'
        site.hub("owner/planted", tiny_atlas, SHA)
        monkeypatch.setenv("HF_ENDPOINT", site.address)
        monkeypatch.setenv("NE_CACHE", str(tmp_path / "cache"))
        yield site
        site.released.set()
        for each in atlas_sources.fetchers.values():
            each.join()
        atlas_sources.fetchers.clear()


def visit(
    monkeypatch, sources: str, page: str = "overview", folder: Path | None = None, done: bool = True, **query: str
):
    """Open a page; `done` waits until everything is fetched."""
    monkeypatch.setenv("NE_ATLAS", sources)
    if folder is None:
        monkeypatch.delenv("NE_ATLASES", raising=False)
    if done:
        atlas_sources.fetcher().join()
    return open_app(folder, page, monkeypatch, **query)


def page_text(app) -> str:
    return words(" ".join(each.value for each in [*app.markdown, *app.error, *app.warning, *app.caption]))


@pytest.mark.parametrize("sources", ["", " ,\n"])
def test_without_sources_the_folder_is_offered(sources, tiny_atlas, monkeypatch):
    monkeypatch.setenv("NE_ATLAS", sources)
    app = open_app(tiny_atlas.parent, "overview", monkeypatch)
    assert app.title[0].value == "What neurons of planted respond to"


@pytest.mark.parametrize("page", [*PAGES][::3])
def test_page_shows_progress_while_an_atlas_is_fetched(page, site, monkeypatch):
    site.always[PATH] = HELD
    app = visit(monkeypatch, f"{site.address}{PATH}", page, done=False)
    assert app.title[0].value == "The atlas is being fetched"
    assert "planted" in page_text(app)
    assert len(app.get("progress")) == 1
    assert not app.error


def test_progress_has_amount_speed_and_time_left(site, monkeypatch):
    site.always[PATH] = Fault(per_s=len(site.files[PATH]))
    visit(monkeypatch, f"{site.address}{PATH}", done=False)
    deadline = time.monotonic() + 20
    while (standing := atlas_sources.fetcher().statuses()[0]).per_s is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    app = open_app(None, "overview", monkeypatch)
    assert 0 < standing.done < standing.whole == len(site.files[PATH])
    (bar,) = app.get("progress")
    assert words(bar.proto.text).split(" · ")[0].endswith(" of 0.0 MB")
    assert words(bar.proto.text).split(" · ")[2].endswith(" s left")


def test_deep_link_opens_once_the_atlas_is_fetched(site, monkeypatch):
    site.always[PATH] = HELD
    query = {"atlas": "planted", "layer": "0", "neuron": "2"}
    app = visit(monkeypatch, f"{site.address}{PATH}", "neuron", done=False, **query)
    assert app.title[0].value == "The atlas is being fetched"
    assert url(app) == query
    site.released.set()
    atlas_sources.fetcher().join()
    app.run()
    assert not app.error
    assert url(app).items() >= query.items()
    assert "Neuron" in app.title[0].value


def test_about_page_names_the_source_and_version(site, monkeypatch):
    app = visit(monkeypatch, "hf://owner/planted", "about")
    assert f"hf://owner/planted, version {SHA}." in page_text(app)


def test_failure_shows_one_line_and_a_shared_retry_button(site, monkeypatch):
    site.always[PATH] = Fault(status=404)
    app = visit(monkeypatch, f"{site.address}{PATH}?key=secret")
    assert app.title[0].value == "The atlas could not be fetched"
    (line,) = app.error
    assert words(line.value) == f"{site.address}{PATH}?… answered 404: nothing is there; check the name"
    button = app.button(key="_again")
    assert button.disabled
    assert button.label.startswith("Try again (in ")
    n_requests = len(site.requests)
    assert not atlas_sources.fetcher().try_again()
    assert len(site.requests) == n_requests


def test_temporary_error_is_shown_while_it_is_retried(site, monkeypatch):
    site.faults[PATH] = [Fault(status=503), HELD]
    visit(monkeypatch, f"{site.address}{PATH}", done=False)
    deadline = time.monotonic() + 20
    while not atlas_sources.fetcher().statuses()[0].message:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    app = open_app(None, "overview", monkeypatch)
    assert words(app.warning[0].value).endswith("answered 503: busy, or out of order; trying again")


def test_unexpected_exception_is_a_failure_not_an_endless_wait(site, monkeypatch):
    monkeypatch.setattr(fetching, "fetch_atlas", lambda *_: 1 / 0)
    app = visit(monkeypatch, f"{site.address}{PATH}")
    assert "the log of this explorer says why" in words(app.error[0].value)


def test_retry_after_the_minimum_interval(site, monkeypatch):
    site.always[PATH] = Fault(status=404)
    visit(monkeypatch, f"{site.address}{PATH}")
    monkeypatch.setattr(fetching, "RETRY_S", 0)
    app = open_app(None, "overview", monkeypatch)
    site.always.clear()
    app.button(key="_again").click().run()
    atlas_sources.fetcher().join()
    app.run()
    assert app.title[0].value == "What neurons of planted respond to"


def test_invalid_source_gives_one_line_and_no_retry(site, monkeypatch):
    app = visit(monkeypatch, "https://me:secret@host/a.zip")
    (line,) = app.error
    assert "leave it out" in words(line.value)
    assert "secret" not in line.value
    assert not app.button


def test_ready_atlases_are_offered_while_others_fail(site, tiny_atlas, monkeypatch):
    site.always[PATH] = Fault(status=404)
    sources = f"{site.address}{PATH}, hf://owner/planted, {tiny_atlas}, ftp://x"
    app = visit(monkeypatch, sources)
    assert app.selectbox(key="_atlas").options == ["planted-2", "planted-3"]
    assert url(app) == {"atlas": "planted-2"}
    app = visit(monkeypatch, sources, atlas="planted-3")
    assert url(app) == {"atlas": "planted-3"}
    app = visit(monkeypatch, sources, "neuron", atlas="planted")
    assert app.title[0].value == "The atlas could not be fetched"
    assert [words(each.proto.label) for each in app.main.get("page_link")] == [
        "Open planted-2",
        "Open planted-3",
    ]
    app = visit(monkeypatch, sources, atlas="x")
    assert words(app.error[0].value) == "atlas=x: not available here; choose planted-2 or planted-3"


def test_folder_is_offered_beside_sources_only_if_set(site, tiny_atlas, monkeypatch):
    app = visit(monkeypatch, "hf://owner/planted", folder=tiny_atlas.parent)
    assert app.selectbox(key="_atlas").options == ["planted", "planted-2"]
    app = visit(monkeypatch, "hf://owner/planted")
    assert not app.selectbox


def test_cached_atlas_opens_at_once_with_a_note_on_its_unreachable_source(site, monkeypatch):
    visit(monkeypatch, "hf://owner/planted")
    atlas_sources.fetchers.clear()  # the process starts again
    api = "/api/datasets/owner/planted/revision/main"
    site.always[api] = Fault(status=404, wait_for_release=True)
    app = visit(monkeypatch, "hf://owner/planted", done=False)
    assert app.title[0].value == "What neurons of planted respond to"
    site.released.set()
    atlas_sources.fetcher().join()
    assert "answered 404" in page_text(app.run())


def test_newer_version_replaces_the_cached_one(site, tiny_atlas, monkeypatch):
    visit(monkeypatch, "hf://owner/planted")
    atlas_sources.fetchers.clear()
    site.hub("owner/planted", tiny_atlas, "2" * 40)
    app = visit(monkeypatch, "hf://owner/planted", "about")
    assert f"version {'2' * 40}" in page_text(app)


def test_missing_cache_folder_is_reported(site, monkeypatch):
    monkeypatch.delenv("NE_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    app = visit(monkeypatch, "hf://owner/planted")
    assert "name a folder in NE_CACHE" in words(app.error[0].value)


def test_address_cannot_name_a_source(site, monkeypatch):
    visit(monkeypatch, "hf://owner/planted")
    site.requests.clear()
    app = visit(monkeypatch, "hf://owner/planted", atlas=f"{site.address}{PATH}")
    assert "not available here; choose planted" in words(app.error[0].value)
    assert site.requests == []
