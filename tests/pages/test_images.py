"""Every page on an atlas of images: pictures instead of tokens, and its words for units and layers."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.names import embeddings_name, ref_name, unit_title
from ne_core.method.trees.dendrogram import dendrogram as layout
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.neuron.dendrogram import dendrogram
from pages.components.shell.nav import PAGES
from tests.support.apptest import open_app, payloads, rows_of, url, words
from tests.support.hostile import ODD_TEXT, copy_atlas, set_manifest
from tests.support.planted_images import BRIGHTEST, CLASSES, HEIGHT, NAMES, WIDTH


@pytest.fixture(scope="module")
def atlas(image_atlas: Path) -> Atlas:
    return Atlas.open(image_atlas)


@pytest.fixture
def open_page(image_atlas: Path, monkeypatch):
    return lambda page, **query: open_app(image_atlas.parent, page, monkeypatch, **query)


def captions(app) -> str:
    return words(" ".join(each.value for each in (*app.caption, *app.markdown)))


def pixels(image: dict) -> np.ndarray:
    flat = np.frombuffer(base64.b64decode(image["pixels"]), dtype=np.uint8)
    return flat.reshape(image["height"], image["width"])


def lines_of(app) -> list[dict]:
    return next(each["lines"] for each in payloads(app) if "head" in each)


VIEWS = [
    *((page, {}) for page in PAGES),
    ("neuron", {"layer": "0", "neuron": "2"}),
    ("neuron", {"layer": "1", "neuron": "1", "feature": "1", "sort": "near", "holds": "bar"}),
    ("neuron", {"layer": "0", "neuron": "3", "branch": "98", "cut": "0.9"}),
    ("ranking", {"layer": "1", "class": "many", "sort": "neuron"}),
    ("ranking", {"features": "7-"}),
    ("search", {"q": "cross"}),
    ("search", {"q": "3", "mode": "token", "layer": "1"}),
    ("search", {"q": "nothing like it"}),
    ("search", {"like": "0.3.1"}),
    ("map", {"q": "bar", "show": "1.0.0", "colour": "class"}),
    ("side_by_side", {"a": "0.0.0", "b": "1.0.1"}),
    ("side_by_side", {"a": "0.0.0"}),
]


@pytest.mark.parametrize(("page", "query"), VIEWS)
def test_page_texts_have_latents_not_neurons(open_page, page: str, query: dict):
    app = open_page(page, **query)
    assert not app.error
    text = captions(app) + " ".join(each.value for each in (*app.title, *app.subheader))
    if page != "about":  # it explains the method
        rest = text.casefold().replace("neuron embedding", "").replace("neuron's", "neuron")
        assert "neuron" not in rest
        assert "token" not in rest


def test_deep_link_opens_a_feature_with_its_images(open_page, atlas):
    app = open_page("neuron", layer="0", neuron="0", feature="1")
    assert app.title[0].value == "standard SAE · Latent 0"
    assert url(app)["feature"] == "1"
    neuron, lines = atlas.neuron(NeuronRef(0, 0)), lines_of(app)
    rows = np.flatnonzero(neuron.feature == 1)
    assert len(lines) == len(rows) == 50
    by_example = {line["e"]: line for line in lines}
    for row in rows:
        example, line = int(neuron.example[row]), by_example[int(neuron.example[row])]
        assert np.array_equal(pixels(line["image"]), atlas.images[example])
        assert line["image"]["max"] == BRIGHTEST
        assert line["image"]["words"] == f"a <b>cross</b>, image {example}"
        assert line["t"] == ["<b>cross</b>"]
        assert line["v"] == [pytest.approx(float(neuron.activation[row]), abs=1e-3)]
        assert line["m"] is None


def test_invalid_parameter_names_the_valid_values(open_page):
    app = open_page("neuron", layer="0", neuron="9", feature="0")
    assert words(app.error[0].value) == "neuron=9: layer 0 has latents 0 to 3"
    assert app.title[0].value == "standard SAE · Latent 3"
    app = open_page("side_by_side", a="0.2.0", b="x")
    assert "latent L0 N2 is dead" in words(app.error[0].value)


def test_parameters_of_texts_do_not_apply_to_images(open_page):
    app = open_page("neuron", layer="0", neuron="0", context="short", baseline="mask-token", values="on")
    assert not app.error
    assert not {"context", "baseline", "values"} & url(app).keys()
    examples = next(each for each in payloads(app) if "head" in each)
    assert examples["images"]
    assert examples["bar"]["choices"]["context"] == examples["bar"]["choices"]["baseline"] == []
    assert examples["bar"]["holds"] == ["Label", "a class"]
    assert "mportance" not in examples["head"]["facts"]
    assert [tab.label for tab in app.tabs] == ["Its activations", "Effect on the logits", "Activations"]


def test_label_filters_the_images(open_page):
    lines = lines_of(open_page("neuron", layer="0", neuron="3", branch="98", holds="3"))
    assert {line["t"][0] for line in lines} == {"3"}
    assert all(line["h"] == [0] for line in lines)


def test_leaves_of_the_tree_have_images(open_page, atlas):
    tree = next(each for each in payloads(open_page("neuron", layer="1", neuron="2")) if "leaves" in each)
    neuron = atlas.neuron(NeuronRef(1, 2))
    assert len(tree["leaves"]) == len(neuron)
    for leaf in tree["leaves"]:
        assert np.array_equal(pixels(leaf["image"]), atlas.images[neuron.example[leaf["row"]]])


def test_leaves_of_a_large_tree_have_labels_only(atlas, monkeypatch):
    neuron = atlas.neuron(NeuronRef(1, 2))
    monkeypatch.setattr(dendrogram, "MANY", len(neuron) - 1)
    for leaf in dendrogram.leaves(atlas, neuron, layout(neuron.tree)):
        assert leaf.keys() == {"row", "text"}
        assert leaf["text"][1] in CLASSES


@pytest.mark.parametrize(
    ("page", "query", "label"),
    [
        ("neuron", {"layer": "0", "neuron": "0"}, "Features of this latent"),
        ("neuron", {"layer": "0", "neuron": "0"}, "Features similar to"),
        ("search", {"q": "cross"}, "Features found"),
        ("map", {}, "Largest visible features"),
        ("side_by_side", {"a": "0.0.0"}, "Features similar to standard SAE 0 F0"),
    ],
)
def test_feature_rows_have_their_central_image(open_page, page, query, label):
    rows = rows_of(open_page(page, **query), label)
    assert rows
    for row in rows:
        assert pixels(row["line"]["image"]).shape == (HEIGHT, WIDTH)
    if "this latent" not in label:
        assert all(row["name"].startswith(tuple(NAMES)) for row in rows)


def test_search_by_label_has_reasons_and_no_trails(open_page):
    app = open_page("search", q="3", mode="token")
    rows = rows_of(app, "Features found")
    assert {row["why"] for row in rows} <= {"label of 50 of 50 examples", "label of 34 of 34 examples",
                                            "label of 33 of 33 examples"}  # fmt: skip
    assert [[text for text, _ in row["also"]] for row in rows] == [["More like this"]] * len(rows)
    assert "with the label “3”" in captions(app)


def test_search_modes_of_texts_are_invalid(open_page):
    app = open_page("search", q="x", mode="snippet")
    assert words(app.error[0].value) == "mode=snippet: the modes are words or token"


def test_page_across_layers_is_not_offered_for_images(open_page):
    app = open_page("across_layers", layer="0", neuron="0", feature="0")
    assert "has no trails" in words(app.info[0].value)
    assert "alternatives that read the same input: standard SAE and NE SAE" in words(app.info[0].value)
    titles = [each.proto.label for each in app.sidebar.get("page_link")]
    assert "Across layers" not in titles
    assert "Latent" in titles


def test_map_has_the_names_of_layers(open_page):
    data = next(each for each in payloads(open_page("map", show="1.2.0")) if "legend" in each)
    assert data["legend"]["names"] == NAMES
    assert data["names"] == {"0": NAMES[0], "1": NAMES[1]}
    assert data["ring"]["name"] == "NE SAE 2 F0"
    assert pixels(data["ring"]["line"]["image"]).shape == (HEIGHT, WIDTH)


def test_ranking_names_latents_by_their_layer(open_page):
    table = next(each for each in payloads(open_page("ranking", sort="neuron")) if "columns" in each)
    assert table["label"] == "Latents"
    assert [row["name"] for row in table["rows"]] == [f"{name} {latent}" for name in NAMES for latent in range(4)]


def test_overview_has_the_settings_of_images(open_page):
    html = " ".join(each.proto.body for each in open_page("overview").get("html"))
    assert "images read" in html
    assert "above 0, the first 100" in html
    assert "packing" not in html
    assert "masked" not in html


def test_suggested_latents_have_central_images(open_page, atlas):
    lists = [each for each in payloads(open_page("overview")) if "n_visible" in each]
    starts = [row for each in lists for row in each["rows"]]
    assert starts
    for row in starts:
        layer, neuron = (int(re.search(rf"{name}=(\d+)", row["href"])[1]) for name in ("layer", "neuron"))
        central = atlas.neuron(NeuronRef(layer, neuron)).central(atlas.manifest.default_cut)
        examples = atlas.neuron(NeuronRef(layer, neuron)).example[central]
        assert len(row["centres"]) == len(examples)
        for image, example in zip(row["centres"], examples.tolist(), strict=True):
            assert np.array_equal(pixels(image), atlas.images[example])


def test_export_menu_has_no_table_of_tokens(image_atlas, monkeypatch):
    from streamlit.testing.v1 import AppTest

    from tests.support.apptest import APP

    monkeypatch.setenv("NE_ATLASES", str(image_atlas.parent))
    app = AppTest.from_file(str(APP), default_timeout=30)
    app.session_state["_export_neuron"] = True
    app.query_params.update({"layer": "0", "neuron": "0"})
    app.switch_page("pages/neuron.py").run()
    assert not app.exception
    titles = [each.proto.label for each in app.get("download_button")]
    assert "Features of this latent" in titles
    assert not [title for title in titles if "token" in title or "neuron" in title or "mportance" in title]


def test_hostile_layer_names_are_escaped(image_atlas, tmp_path, monkeypatch):
    root = copy_atlas(image_atlas, tmp_path / "odd" / "atlas")
    name = ODD_TEXT.encode("utf-8", "replace").decode()[:90]
    set_manifest(root, layer_names=[name, "**b** :red[x] neuron"])
    for page in PAGES:
        app = open_app(root.parent, page, monkeypatch)
        assert not re.search(r"(?<!\\)<b onload", " ".join(each.value for each in (*app.title, *app.markdown)))
        assert not any("\u202e" in each.value for each in app.title)
    atlas = Atlas.open(root)
    assert ref_name(atlas.manifest, FeatureRef(1, 2, 0)) == "**b** :red[x] neuron 2 F0"


def test_vocabulary_of_texts(tiny_atlas):
    manifest = Atlas.open(tiny_atlas).manifest
    words = manifest.vocabulary
    assert f"No {words.unit} has this {words.key_token}" == "No neuron has this key token"
    assert words.pre_mlp == "pre-MLP embedding"
    assert words.Units == "Neurons"
    assert unit_title(manifest, NeuronRef(2, 3)) == "Layer 2 · Neuron 3"
    assert ref_name(manifest, FeatureRef(2, 3, 1)) == "L2 N3 F1"


def test_vocabulary_of_images(atlas):
    manifest = atlas.manifest
    words, space = manifest.vocabulary, embeddings_name(manifest, "neuron")
    assert f"A {words.unit}’s {words.key_tokens}, as {space}" == "A latent’s labels, as neuron embeddings"
    assert f"{words.Units}; no {words.token}" == "Latents; no image"
    assert unit_title(manifest, NeuronRef(1, 3)) == "NE SAE · Latent 3"


def test_map_searches_words_of_labels_by_default(open_page, atlas):
    app = open_page("map", q="bar")
    assert url(app) == {"atlas": atlas.slug, "q": "bar"}
    assert any(f"{len(atlas.search.words('bar'))} highlighted" in each.value for each in app.markdown)
    assert len(atlas.search.words("bar"))
