"""The model of an atlas: looked up by name, identified by its weights, refused in one line if missing or different."""

import json
import shutil

import pytest

from ne_core.atlas import Atlas
from precompute.models import of_atlas
from precompute.models.of_atlas import FOLDERS, UNKNOWN_WEIGHTS, NoModelError, find_model, find_sae, folders_named
from tests.support.tiny_models import tiny_checkpoint


@pytest.fixture(autouse=True)
def no_hub(monkeypatch):
    monkeypatch.setattr(of_atlas, "on_hub", lambda name: False)


@pytest.fixture
def changed(built, tmp_path):
    """Function that returns the atlas with a changed manifest."""

    def of(change) -> Atlas:
        shutil.copytree(built("folded"), tmp_path / "atlas")
        path = tmp_path / "atlas" / "manifest.json"
        manifest = json.loads(path.read_text())
        change(manifest["model"])
        path.write_text(json.dumps(manifest))
        return Atlas.open(tmp_path / "atlas")

    return of


def test_by_name_and_weights_in_the_folders_that_are_named(built, place, monkeypatch, tmp_path):
    monkeypatch.setenv(FOLDERS, f"{tmp_path}:{place / 'models'}")
    assert find_model(Atlas.open(built("folded"))) == (str(place / "models" / "gpt2"), ())
    assert find_sae(Atlas.open(built("latents"))).place == place / "models" / "sae"


def test_another_model_of_the_name_is_skipped(built, place, monkeypatch, tmp_path):
    tiny_checkpoint("gpt2", tmp_path / "gpt2", seed=1)
    monkeypatch.setenv(FOLDERS, str(tmp_path))
    with pytest.raises(NoModelError, match="has other weights than that of this atlas"):
        find_model(Atlas.open(built("folded")))
    monkeypatch.setenv(FOLDERS, f"{tmp_path}:{place / 'models'}")
    assert find_model(Atlas.open(built("folded")))[0] == str(place / "models" / "gpt2")


def test_a_missing_model_is_named(built, monkeypatch):
    monkeypatch.delenv(FOLDERS, raising=False)
    with pytest.raises(NoModelError, match=r"'gpt2' of this atlas is missing: .*NE_MODELS"):
        find_model(Atlas.open(built("folded")))
    with pytest.raises(NoModelError, match="'sae' of this atlas is missing"):
        find_sae(Atlas.open(built("latents")))


def test_without_a_hash_it_is_used_with_a_note(changed, place, monkeypatch):
    monkeypatch.setenv(FOLDERS, str(place / "models"))
    assert find_model(changed(lambda model: model.pop("sha256"))) == (
        str(place / "models" / "gpt2"),
        (UNKNOWN_WEIGHTS,),
    )


@pytest.mark.parametrize("name", ["../models/gpt2", "/etc", "..", "a/b/c", "", "a\nb", None, 7, {"a": 1}])
def test_an_untrusted_name_leads_to_no_folder(name, place, monkeypatch):
    monkeypatch.setenv(FOLDERS, str(place / "models"))
    assert list(folders_named(name, lambda folder: True)) == []


def test_hub_requests_are_for_plain_names_only(changed, monkeypatch):
    requests = []
    monkeypatch.setattr(of_atlas, "on_hub", lambda name: requests.append(name) or False)
    with pytest.raises(NoModelError) as error:
        find_model(changed(lambda model: model.update(name="../secret")))
    assert not requests
    assert "\n" not in str(error.value)
