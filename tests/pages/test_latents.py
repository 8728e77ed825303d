"""Every page on an atlas of latents that read texts: its words are latents, never neurons."""

import re
from pathlib import Path

import pytest

from pages.components.shell.nav import PAGES
from tests.support.apptest import open_app, payloads, words
from tests.support.hostile import copy_atlas, manifest_of, set_manifest


@pytest.fixture(scope="module")
def latents(compared_atlas: Path, tmp_path_factory) -> Path:
    """The planted atlas with latents as its units, without parts of pre-activations."""
    root = copy_atlas(compared_atlas, tmp_path_factory.mktemp("latents") / "latents")
    files = {name: facts for name, facts in manifest_of(root)["files"].items() if "contributions" not in name}
    set_manifest(root, units="latents", contributions="latents have no parts", files=files)
    return root.parent


def page_text(app) -> str:
    """All texts of the page, except the names of parameters, of embeddings and of this project."""
    text = [each.value for each in (*app.title, *app.subheader, *app.caption, *app.markdown, *app.info, *app.error)]
    text += [each.label for each in (*app.selectbox, *app.number_input, *app.metric, *app.get("page_link"))]
    text += [each.help for each in app.metric] + [each.proto.label for each in app.get("download_button")]
    text += [str(each.get(name, "")) for each in payloads(app) for name in ("label", "title")]
    text += [column["title"] + column["meaning"] for each in payloads(app) for column in each.get("columns", [])]
    joined = words(" ".join(filter(None, text)))
    return re.sub("neuron=|neuron embedding|[|] neuron [|]", "", joined.casefold())


VIEWS = [
    *((page, {}) for page in PAGES if page not in ("about", "sae_lab")),  # they explain the method, and a lab
    ("neuron", {"layer": "0", "neuron": "0", "feature": "9", "branch": "99", "least": "200"}),
    ("neuron", {"layer": "0", "neuron": "2", "feature": "0", "branch": "0"}),
    ("neuron", {"layer": "0", "neuron": "99", "space": "pre_mlp"}),
    ("ranking", {"sort": "neuron", "layer": "0"}),
    ("ranking", {"features": "7-", "size": "1-1"}),
    ("search", {"q": "nothing like it"}),
    ("search", {"like": "0.0.0"}),
    ("search", {"like": "0.99.0"}),
    ("map", {"colour": "class"}),
    ("across_layers", {"layer": "0", "neuron": "0", "feature": "99"}),
    ("across_layers", {"layer": "0", "neuron": "2"}),
    ("side_by_side", {"a": "0.0.0", "b": "0.99.0"}),
    ("side_by_side", {"a": "0.0.0", "b": "0.0.1"}),
    ("spaces", {"layer": "0", "neuron": "0", "example": "999"}),
    ("spaces", {"layer": "0", "neuron": "2", "example": "0"}),
]


@pytest.mark.parametrize(("page", "query"), VIEWS)
def test_page_texts_have_latents_not_neurons(latents, page: str, query: dict, monkeypatch):
    text = page_text(open_app(latents, page, monkeypatch, **query))
    assert "latent" in text
    assert "neuron" not in text


@pytest.mark.parametrize("page", ["neuron", "ranking", "overview", "spaces"])
def test_export_menu_has_latents_not_neurons(latents, page: str, monkeypatch):
    app = open_app(latents, page, monkeypatch)
    app.session_state[f"_export_{page}"] = True
    app.run()
    text = page_text(app)
    assert app.get("download_button")
    assert "neuron" not in text
