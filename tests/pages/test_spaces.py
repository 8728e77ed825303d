"""The page Spaces: its data against the atlas, the messages of every state, and the URL."""

import shutil

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.errors import AtlasError
from ne_core.method.comparison import MOST
from ne_core.method.separation import separation
from ne_core.method.trees.cluster import cut_into, similarities
from ne_core.method.trees.linkage import light_tree
from ne_core.refs import NeuronRef
from pages.components.spaces import embedded
from pages.components.spaces.summary import measure_row
from pages.components.url.spaces_view import View
from tests.support.apptest import open_app, payloads, url, words
from tests.support.hostile import change_array, copy_atlas, manifest_of, set_manifest

REF = NeuronRef(0, 2)
QUERY = {"layer": "0", "neuron": "2"}


def picture(app) -> dict:
    return next(each for each in payloads(app) if "sides" in each)


def boxes(app) -> dict:
    return next(each for each in payloads(app) if "groups" in each)


def page_text(app) -> str:
    return words(" ".join(each.value for each in (*app.markdown, *app.caption, *app.info)))


def without(root, **fields) -> None:
    """Remove files, as if the atlas had been built without them."""
    removed = [name for name in manifest_of(root)["files"] if name.startswith(("inputs/", "spaces."))]
    removed = [name for name in removed if name.startswith("inputs/") == ("inputs" in fields)]
    for name in removed:
        (root / name).unlink()
    files = {name: facts for name, facts in manifest_of(root)["files"].items() if name not in removed}
    set_manifest(root, files=files, **fields)


def test_default_is_a_suggested_neuron(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "spaces", monkeypatch)
    assert not app.error
    assert url(app).keys() == {"atlas", "layer", "neuron"}
    assert [side["title"] for side in picture(app)["sides"]] == [
        "a: Neuron embedding, x ⊙ w",
        "b: Pre-MLP embedding, x",
    ]


def test_tree_of_the_atlas_s_space_is_the_stored_one(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "spaces", monkeypatch, **QUERY)
    atlas, drawn = Atlas.open(tiny_atlas), picture(app)
    neuron = atlas.neuron(REF)
    tree, other = (side["tree"] for side in drawn["sides"])
    n = len(neuron)
    assert tree["h"][n:] == pytest.approx(neuron.tree[:, 2].tolist(), abs=1e-4)
    assert tree["cut"] == atlas.manifest.default_cut
    assert drawn["clusters"] == neuron.feature.tolist()
    live = light_tree(similarities(atlas.neuron_inputs(REF).astype(np.float32)))
    assert other["h"][n:] == pytest.approx(live[:, 2].tolist(), abs=1e-4)
    assert sorted(other["order"]) == list(range(n))
    # every branch below the stored cut is in one feature, none above it is
    assert [group >= 0 for group in tree["group"][n:]] == (neuron.tree[:, 2] <= tree["cut"]).tolist()


def test_stored_trees_are_shown_for_another_embedding(tiny_atlas, tmp_path, monkeypatch):
    root = copy_atlas(tiny_atlas, tmp_path / "planted")
    set_manifest(root, embedding="pre_mlp")
    query = QUERY | {"clusters": "pre_mlp"}
    other = picture(open_app(tmp_path, "spaces", monkeypatch, **query))["sides"][1]["tree"]
    atlas = Atlas.open(root)
    stored, live = atlas.neuron(REF).tree, light_tree(similarities(atlas.neuron_inputs(REF).astype(np.float32)))
    assert other["h"][len(stored) + 1 :] == pytest.approx(stored[:, 2].tolist(), abs=1e-4)
    assert other["h"][len(stored) + 1 :] != pytest.approx(live[:, 2].tolist(), abs=1e-4)
    assert other["cut"] == 0.5


def test_measures_match_the_clusters_shown(tiny_atlas, monkeypatch):
    atlas = Atlas.open(tiny_atlas)
    x, w = atlas.neuron_inputs(REF).astype(np.float32), atlas.weights(0).W_in[:, 2].astype(np.float32)
    cosines = [similarities(x * w), similarities(x)]
    clusters = cut_into(light_tree(cosines[1]), 4)
    a, b = (separation(each, clusters) for each in cosines)
    app = open_app(tiny_atlas.parent, "spaces", monkeypatch, **QUERY, clusters="pre_mlp")
    table = next(each.value for each in app.markdown if "Silhouette" in each.value)
    assert measure_row("silhouette", [a.silhouette, b.silhouette]) in table
    assert f"| {a.silhouette:.3f} | {b.silhouette:.3f} |" in table
    assert f"| Mean distance between clusters | {a.inter:.3f} | {b.inter:.3f} |  |" in table
    assert picture(app)["clusters"] == clusters.tolist()
    assert "Pre-MLP embedding, cut into as many clusters as the neuron has features" in page_text(app)


def test_selected_example(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "spaces", monkeypatch, **QUERY, example="5")
    assert picture(app)["selected"] == 5
    assert "example=" not in picture(app)["address"]
    example = next(each for each in payloads(app) if each.get("label") == "Example 5 of L0 N2")
    atlas = Atlas.open(tiny_atlas)
    assert example["lines"][0]["aside"] == f"{atlas.neuron(REF).activation[5]:.2f}"
    links = next(each for each in payloads(app) if each.get("label") == "From example 5")["chips"]
    feature = int(atlas.neuron(REF).feature[5])
    assert links[0]["href"] == f"neuron?atlas=planted&layer=0&neuron=2&feature={feature}"
    assert links[1]["href"] == "spaces?atlas=planted&layer=0&neuron=2"


def test_whole_atlas_boxes_and_table(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "spaces", monkeypatch, **QUERY, measure="ratio", by="pre_mlp")
    comparison, drawn = Atlas.open(tiny_atlas).comparison, boxes(app)
    assert [group["name"] for group in drawn["groups"]] == ["0", "2"]
    first = drawn["groups"][0]["boxes"][0]
    assert first["median"] == pytest.approx(np.median(comparison.of_layer(0).values("ratio", "pre_mlp")[:, 0]))
    assert first["mark"] == pytest.approx(comparison.values("ratio", "pre_mlp")[comparison.neuron.tolist().index(2), 0])
    table = next(each.value for each in app.markdown if "| **all** |" in each.value)
    shares = " | ".join(f"{share:.0%}" for share in comparison.wins("ratio", "pre_mlp").mean(axis=0))
    assert f"| **all** | {shares} | 4 |" in table
    app = open_app(tiny_atlas.parent, "spaces", monkeypatch, **QUERY, measure="inter")
    assert "only their ratio is compared" in page_text(app)


@pytest.mark.parametrize(("neuron", "what"), [("4", "This neuron is dead"), ("3", "This neuron has one example")])
def test_neuron_with_nothing_to_compare(neuron, what, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "spaces", monkeypatch, layer="0", neuron=neuron)
    assert not app.error
    assert what in page_text(app)
    assert boxes(app)


def test_neuron_of_one_feature_has_no_silhouette(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "spaces", monkeypatch, layer="0", neuron="1")
    assert "| Silhouette | – | – | – |" in page_text(app)
    assert [side["tree"]["cut"] for side in picture(app)["sides"]] == [0.5, None]


def test_too_many_examples_have_a_message(tiny_atlas, monkeypatch):
    from tests.support.huge import use_huge_neuron

    use_huge_neuron(monkeypatch, MOST + 1)
    app = open_app(tiny_atlas.parent, "spaces", monkeypatch, layer="0", neuron="0")
    assert not app.error
    assert f"has {MOST + 1:,} examples; spaces can be compared for up to {MOST:,}" in page_text(app)


def test_atlas_without_inputs_or_without_the_comparison(tiny_atlas, tmp_path, monkeypatch):
    root = copy_atlas(tiny_atlas, tmp_path / "planted")
    without(root, inputs=False)
    app = open_app(tmp_path, "spaces", monkeypatch, **QUERY)
    assert not app.error
    assert "Build it with --inputs yes, or fetch it with --inputs" in page_text(app).replace("`", "")
    assert boxes(app)
    shutil.rmtree(root)
    copy_atlas(tiny_atlas, root)
    without(root, compared=False)
    app = open_app(tmp_path, "spaces", monkeypatch, **QUERY)
    assert picture(app)
    assert "This atlas has no comparison of spaces" in page_text(app)


def test_atlas_of_images(image_atlas, monkeypatch):
    app = open_app(image_atlas.parent, "spaces", monkeypatch)
    assert not app.error
    assert "This atlas has no comparison" in page_text(app)
    assert picture(app)["sides"][1]["title"] == "b: Input x"
    assert len(picture(app)["images"]) == len(picture(app)["clusters"])


def test_infinite_inputs_give_one_error_line(tiny_atlas, tmp_path, monkeypatch):
    root = copy_atlas(tiny_atlas, tmp_path / "planted")
    change_array(root, "inputs/00.npy", lambda x: x.fill(np.inf))
    app = open_app(tmp_path, "spaces", monkeypatch, **QUERY)
    assert ["have no finite embedding" in words(each.value) for each in app.error] == [True]
    with pytest.raises(AtlasError):
        embedded.in_space(Atlas.open(root), REF, "neuron")


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"a": "x"}, "a=x: the spaces are neuron, pre_mlp, centred"),
        ({"a": "centred", "b": "centred"}, "b=centred: the same space as a: choose another, such as"),
        ({"clusters": "0"}, "clusters=0: clusters are the atlas’s features or those of a space: features, neuron"),
        ({"example": "99"}, "example=99: this neuron has examples 0 to 17"),
        ({"measure": "f1"}, "measure=f1: the measures are silhouette, intra, inter or ratio"),
        ({"by": "<b>"}, "by=<b>: over the whole atlas, clusters are those of each, neuron, pre_mlp or standardised"),
        ({"layer": "7"}, "layer=7: this atlas has layers 0 and 2"),
        ({"neuron": "4", "example": "0"}, "example=0: this neuron has no activating examples"),
    ],
)  # fmt: skip
def test_invalid_parameter_names_the_valid_values(query, problem, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "spaces", monkeypatch, **QUERY | query)
    assert len(app.error) == 1
    assert words(app.error[0].value).startswith(problem)


def test_controls_change_the_url(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "spaces", monkeypatch, **QUERY, example="3")
    app.selectbox(key="_spaces_b").set_value("conditional").run()
    app.selectbox(key="_spaces_clusters").set_value("whitened").run()
    app.selectbox(key="_spaces_by").set_value("neuron").run()
    query = {"atlas": "planted", **QUERY, "b": "conditional", "clusters": "whitened", "by": "neuron"}
    assert url(app) == query | {"example": "3"}
    app.button(key="_swap").click().run()
    assert url(app) == query | {"example": "3", "a": "conditional", "b": "neuron"}
    app.button(key="_next").click().run()
    assert url(app) == query | {"neuron": "3", "a": "conditional", "b": "neuron"}


def test_swapped_view():
    view = View(REF, a="pre_mlp", b="neuron")
    assert view.swapped == View(REF)


def test_measure_row_marks_the_better_space():
    """Higher silhouette and lower ratio win; no winner for equal displayed numbers or missing ones."""
    assert measure_row("silhouette", [0.5, 0.4]).endswith("| **a** |")
    assert measure_row("ratio", [0.5, 0.4]).endswith("| 0.500 | 0.400 | **b** |")
    assert measure_row("silhouette", [0.50001, 0.5]).endswith("| – |")
    assert measure_row("silhouette", [-0.5, float("nan")]).endswith("| −0.500 | – | – |")
    assert measure_row("inter", [0.5, 0.4]).endswith("|  |")
