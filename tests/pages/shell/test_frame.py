"""The frame of every page with no atlas, a broken one, one, and several."""

import json
import shutil

import pytest

from pages.components.shell.nav import PAGES
from tests.support.apptest import open_app, url, words


@pytest.mark.parametrize(("page", "title"), [(page, title) for page, (title, _) in PAGES.items()])
def test_address_menu_and_file_of_a_page_have_the_same_name(page, title):
    assert title.lower().replace(" ", "_") == page


@pytest.mark.parametrize("page", PAGES)
def test_page_without_an_atlas_shows_how_to_build_one(page, tmp_path, monkeypatch):
    app = open_app(tmp_path, page, monkeypatch)
    assert app.title[0].value == "No atlas yet"
    assert app.code[0].value == "make demo"


def test_missing_folder_is_no_atlas(tmp_path, monkeypatch):
    assert open_app(tmp_path / "nowhere", "overview", monkeypatch).title[0].value == "No atlas yet"


@pytest.mark.parametrize("page", PAGES)
def test_broken_atlas_gives_one_error_line_only(page, tiny_atlas, tmp_path, monkeypatch):
    broken = shutil.copytree(tiny_atlas, tmp_path / "broken")
    (broken / "tokens.npy").unlink()
    app = open_app(tmp_path, page, monkeypatch)
    (line,) = app.error
    assert (
        words(line.value) == "broken/tokens.npy is missing: build the atlas again"
    )  # without its path on this machine
    assert "\n" not in line.value
    assert not app.title
    assert not app.main.get("bidi_component")


def test_other_schema_version_is_named(tiny_atlas, tmp_path, monkeypatch):
    manifest = json.loads((tiny_atlas / "manifest.json").read_text()) | {"schema_version": 99}
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "manifest.json").write_text(json.dumps(manifest))
    assert "schema version 99" in words(open_app(tmp_path, "overview", monkeypatch).error[0].value)


@pytest.fixture
def two_atlases(tiny_atlas, tmp_path):
    for name in ("first", "second"):
        shutil.copytree(tiny_atlas, tmp_path / name)
    return tmp_path


def test_url_selects_one_of_several_atlases(two_atlases, monkeypatch):
    app = open_app(two_atlases, "overview", monkeypatch, atlas="second")
    assert app.selectbox(key="_atlas").value == "second"
    assert url(app) == {"atlas": "second"}


def test_select_box_changes_the_atlas(two_atlases, monkeypatch):
    app = open_app(two_atlases, "neuron", monkeypatch, atlas="first", layer="0", neuron="2")
    app.selectbox(key="_atlas").select("second").run()
    assert url(app)["atlas"] == "second"


@pytest.mark.parametrize("name", ["third", "..", "../first", "/etc", ""])
def test_unknown_atlas_is_reported_and_the_first_is_shown(name, two_atlases, monkeypatch):
    app = open_app(two_atlases, "overview", monkeypatch, atlas=name)
    assert words(app.error[0].value) == f"atlas={name}: not available here; choose first or second"
    assert app.title[0].value == "What neurons of planted respond to"


def test_links_name_the_atlas_even_if_there_is_only_one(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "overview", monkeypatch)
    assert not app.error
    links = {each.proto.page: each.proto.query_string for each in app.get("page_link")}
    assert links["search"] == "atlas=planted"
