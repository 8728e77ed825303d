"""Every page on an atlas of images: pictures where texts have tokens, latents and names of layers in its words."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.names import embeddings_name, ref_name, unit_title
from ne_core.method.dendrogram import dendrogram as layout
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.neuron import dendrogram
from pages.components.shell.nav import PAGES
from tests.support.apptest import open_app, payloads, rows_of, url, words
from tests.support.hostile import ODD_TEXT, copy_atlas, set_manifest
from tests.support.planted_images import BRIGHTEST, CLASSES, HEIGHT, NAMES, WIDTH


@pytest.fixture(scope="module")
def atlas(image_atlas: Path) -> Atlas:
    return Atlas.open(image_atlas)


@pytest.fixture
def opened(image_atlas: Path, monkeypatch):
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
def test_every_page_opens_and_speaks_of_latents(opened, page: str, query: dict):
    app = opened(page, **query)
    assert not app.error
    said = captions(app) + " ".join(each.value for each in (*app.title, *app.subheader))
    if page != "about":  # which explains the method
        left = said.casefold().replace("neuron embedding", "").replace("neuron's", "neuron")
        assert "neuron" not in left
        assert "token" not in left


def test_a_deep_link_opens_its_feature_with_its_images(opened, atlas):
    app = opened("neuron", layer="0", neuron="0", feature="1")
    assert app.title[0].value == "standard SAE · Latent 0"
    assert url(app)["feature"] == "1"
    neuron, lines = atlas.neuron(NeuronRef(0, 0)), lines_of(app)
    rows = np.flatnonzero(neuron.feature == 1)
    assert len(lines) == len(rows) == 50
    shown = {line["e"]: line for line in lines}
    for row in rows:
        example, line = int(neuron.example[row]), shown[int(neuron.example[row])]
        assert np.array_equal(pixels(line["image"]), atlas.images[example])
        assert line["image"]["max"] == BRIGHTEST
        assert line["image"]["words"] == f"a <b>cross</b>, image {example}"
        assert line["t"] == ["<b>cross</b>"]
        assert line["v"] == [pytest.approx(float(neuron.activation[row]), abs=1e-3)]
        assert line["m"] is None


def test_a_bad_link_says_what_there_is(opened):
    app = opened("neuron", layer="0", neuron="9", feature="0")
    assert words(app.error[0].value) == "neuron=9: layer 0 has latents 0 to 3"
    assert app.title[0].value == "standard SAE · Latent 3"
    app = opened("side_by_side", a="0.2.0", b="x")
    assert "latent L0 N2 is dead" in words(app.error[0].value)


def test_what_only_texts_have_is_not_asked_of_images(opened):
    app = opened("neuron", layer="0", neuron="0", context="short", baseline="mask-token", values="on")
    assert not app.error
    assert not {"context", "baseline", "values"} & url(app).keys()
    examples = next(each for each in payloads(app) if "head" in each)
    assert examples["images"]
    assert examples["bar"]["choices"]["context"] == examples["bar"]["choices"]["baseline"] == []
    assert examples["bar"]["holds"] == ["Label", "a class"]
    assert "mportance" not in examples["head"]["facts"]
    assert [tab.label for tab in app.tabs] == ["Effect on the logits", "Activations"]


def test_a_label_filters_the_images(opened):
    lines = lines_of(opened("neuron", layer="0", neuron="3", branch="98", holds="3"))
    assert {line["t"][0] for line in lines} == {"3"}
    assert all(line["h"] == [0] for line in lines)


def test_leaves_of_the_tree_show_their_images(opened, atlas):
    tree = next(each for each in payloads(opened("neuron", layer="1", neuron="2")) if "leaves" in each)
    neuron = atlas.neuron(NeuronRef(1, 2))
    assert len(tree["leaves"]) == len(neuron)
    for leaf in tree["leaves"]:
        assert np.array_equal(pixels(leaf["image"]), atlas.images[neuron.example[leaf["row"]]])


def test_thousands_of_leaves_have_their_labels_alone(atlas, monkeypatch):
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
        ("map", {}, "Largest features"),
        ("side_by_side", {"a": "0.0.0"}, "Features similar to standard SAE 0 F0"),
    ],
)
def test_rows_of_features_show_the_image_at_their_centre(opened, page, query, label):
    rows = rows_of(opened(page, **query), label)
    assert rows
    for row in rows:
        assert pixels(row["line"]["image"]).shape == (HEIGHT, WIDTH)
    if "this latent" not in label:
        assert all(row["name"].startswith(tuple(NAMES)) for row in rows)


def test_a_search_by_label_says_why_and_offers_no_trail(opened):
    app = opened("search", q="3", mode="token")
    rows = rows_of(app, "Features found")
    assert {row["why"] for row in rows} <= {"label of 50 of 50 examples", "label of 34 of 34 examples",
                                            "label of 33 of 33 examples"}  # fmt: skip
    assert [[text for text, _ in row["also"]] for row in rows] == [["More like this"]] * len(rows)
    assert "with the label “3”" in captions(app)


def test_ways_to_search_that_only_texts_have_are_a_bad_link(opened):
    app = opened("search", q="x", mode="snippet")
    assert words(app.error[0].value) == "mode=snippet: the modes are words or token"


def test_no_trail_is_offered_and_a_link_to_one_says_why(opened):
    app = opened("across_layers", layer="0", neuron="0", feature="0")
    assert "has no trails" in words(app.info[0].value)
    assert "alternatives that read the same: standard SAE and NE SAE" in words(app.info[0].value)
    titles = [each.proto.label for each in app.sidebar.get("page_link")]
    assert "Across layers" not in titles
    assert "Latent" in titles


def test_the_map_knows_what_layers_are_called(opened):
    drawn = next(each for each in payloads(opened("map", show="1.2.0")) if "legend" in each)
    assert drawn["legend"]["names"] == NAMES
    assert drawn["names"] == {"0": NAMES[0], "1": NAMES[1]}
    assert drawn["shown"]["name"] == "NE SAE 2 F0"
    assert pixels(drawn["shown"]["line"]["image"]).shape == (HEIGHT, WIDTH)


def test_the_board_names_latents_by_their_layer(opened):
    table = next(each for each in payloads(opened("ranking", sort="neuron")) if "columns" in each)
    assert table["label"] == "Latents"
    assert [row["name"] for row in table["rows"]] == [f"{name} {latent}" for name in NAMES for latent in range(4)]


def test_the_overview_says_what_was_read_and_kept(opened):
    html = " ".join(each.proto.body for each in opened("overview").get("html"))
    assert "images read" in html
    assert "above 0, the first 100" in html
    assert "packing" not in html
    assert "masked" not in html


def test_places_to_start_show_the_images_at_the_centres(opened, atlas):
    starts = [row for each in payloads(opened("overview")) for row in each.get("rows", [])]
    assert starts
    for row in starts:
        layer, neuron = (int(re.search(rf"{name}=(\d+)", row["href"])[1]) for name in ("layer", "neuron"))
        central = atlas.neuron(NeuronRef(layer, neuron)).central(atlas.manifest.default_cut)
        examples = atlas.neuron(NeuronRef(layer, neuron)).example[central]
        assert len(row["centres"]) == len(examples)
        for image, example in zip(row["centres"], examples.tolist(), strict=True):
            assert np.array_equal(pixels(image), atlas.images[example])


def test_the_export_menu_has_no_table_of_tokens(image_atlas, monkeypatch):
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


def test_hostile_names_of_layers_stay_text(image_atlas, tmp_path, monkeypatch):
    root = copy_atlas(image_atlas, tmp_path / "odd" / "atlas")
    name = ODD_TEXT.encode("utf-8", "replace").decode()[:90]
    set_manifest(root, layer_names=[name, "**b** :red[x] neuron"])
    for page in PAGES:
        app = open_app(root.parent, page, monkeypatch)
        assert not re.search(r"(?<!\\)<b onload", " ".join(each.value for each in (*app.title, *app.markdown)))
        assert not any("\u202e" in each.value for each in app.title)
    atlas = Atlas.open(root)
    assert ref_name(atlas.manifest, FeatureRef(1, 2, 0)) == "**b** :red[x] neuron 2 F0"


def test_texts_speak_as_before(tiny_atlas):
    manifest = Atlas.open(tiny_atlas).manifest
    words = manifest.vocabulary
    assert f"No {words.unit} has this {words.key_token}" == "No neuron has this key token"
    assert words.pre_mlp == "pre-MLP embedding"
    assert words.Units == "Neurons"
    assert unit_title(manifest, NeuronRef(2, 3)) == "Layer 2 · Neuron 3"
    assert ref_name(manifest, FeatureRef(2, 3, 1)) == "L2 N3 F1"


def test_words_of_images(atlas):
    manifest = atlas.manifest
    words, space = manifest.vocabulary, embeddings_name(manifest, "neuron")
    assert f"A {words.unit}’s {words.key_tokens}, as {space}" == "A latent’s labels, as neuron embeddings"
    assert f"{words.Units}; no {words.token}" == "Latents; no image"
    assert unit_title(manifest, NeuronRef(1, 3)) == "NE SAE · Latent 3"
