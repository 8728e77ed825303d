"""The page SAE lab: no lab, the first view, links to all its parts, and invalid values of every parameter."""

import json
import re

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.lab import Lab
from ne_core.lab.head_to_head import sae_forward
from ne_core.lab.maps import mlp_pixel_extremes
from ne_core.lab.units import latent
from ne_core.text.token_text import visible
from pages.components.url.drawing import from_text, to_text
from pages.components.url.lab_view import View
from tests.support.apptest import open_app, payloads, url, words
from tests.support.hostile import ODD_TEXT, copy_atlas, replace_columns, replace_file
from tests.support.planted_lab import (
    AGAINST,
    BELOW,
    BOTH,
    CLASSES,
    CUT,
    DEAD,
    N_TRAIN,
    NE,
    ONE,
    RUNS,
    SILENT,
    STANDARD,
    TWO,
    WRONG,
    lab_json,
    planted_lab,
)

LEFT = "ff00ff0000000000"  # quadrant 0 at full


@pytest.fixture(scope="module")
def lab() -> Lab:
    return planted_lab()


def data_of(app, *keys: str) -> dict:
    """Data of the component that has all of these keys."""
    return next(each for each in payloads(app) if set(keys) <= set(each))


def head_to_head(app) -> dict:
    return data_of(app, "clean", "runs")


def panel(app, run: int) -> dict:
    return next(each for each in head_to_head(app)["runs"] if each["run"] == run)


def plot(app) -> dict:
    return data_of(app, "fronts", "identity")


def groups(app) -> list[dict]:
    return data_of(app, "groups")["groups"]


def maps(app) -> dict[str, dict]:
    return {each["title"]: each for each in data_of(app, "maps")["maps"]}


def page_text(app) -> str:
    return words("\n".join(each.value for each in (*app.markdown, *app.caption, *app.info, *app.subheader)))


def test_atlas_without_a_lab_shows_how_to_build_one(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "sae_lab", monkeypatch)
    assert not app.error
    assert "The atlas planted has no lab" in page_text(app)
    assert app.code[0].value == f"python -m precompute lab --out {tiny_atlas.parent / 'digits'}"


def test_atlas_without_a_lab_links_to_one_with_a_lab(tiny_atlas, lab_atlas, tmp_path, monkeypatch):
    copy_atlas(tiny_atlas, tmp_path / "a")
    copy_atlas(lab_atlas, tmp_path / "b")
    app = open_app(tmp_path, "sae_lab", monkeypatch, atlas="a")
    links = [each.proto.label for each in app.main.get("page_link")]
    assert [words(label) for label in links] == ["The lab of the atlas b"]
    assert not app.code
    assert not open_app(tmp_path, "sae_lab", monkeypatch, atlas="b").info


def test_settings_of_the_lab_are_escaped(lab_atlas, tmp_path, monkeypatch):
    root = copy_atlas(lab_atlas, tmp_path / "odd")
    odd = {"<script>alert(1)</script>": [{"a": ODD_TEXT}], "b": 10**400}
    replace_file("lab/lab.json", json.dumps(lab_json(root) | {"settings": odd, "data": {}, "mlp": odd}).encode())(root)
    html = "".join(each.proto.body for each in open_app(tmp_path, "sae_lab", monkeypatch).get("html"))
    assert "the first 120 of 150 are the training set" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in html
    assert "<b onload" not in html


@pytest.mark.parametrize("query", [{}, {"neuron": "1", "drawn": LEFT}, {"unit": str(DEAD), "measure": "size"}])
def test_hostile_texts_of_a_lab_are_escaped(query, lab_atlas, tmp_path, monkeypatch):
    root = copy_atlas(lab_atlas, tmp_path / "odd")
    odd = {
        "neurons_atlas": ODD_TEXT,
        "classes": [ODD_TEXT, "<script>alert(1)</script>", "​"],
        "measures": lab_json(root)["measures"] | {ODD_TEXT: ODD_TEXT, "l0": ODD_TEXT},
        "data": {"name": ODD_TEXT},
    }
    replace_file("lab/lab.json", json.dumps(lab_json(root) | odd).encode())(root)
    app = open_app(tmp_path, "sae_lab", monkeypatch, **query)
    assert not app.error
    assert json.dumps(payloads(app), allow_nan=False)
    text = "".join(each.value for each in (*app.markdown, *app.caption))
    assert not re.search(r"(?<!\\)<", text)
    assert not any("\ud800" <= character <= "\udfff" or character in "\u202e\x00\x1b" for character in text)
    assert head_to_head(app)["classes"] == [visible(name) for name in odd["classes"]]


def test_broken_lab_gives_one_error_line(lab_atlas, tmp_path, monkeypatch):
    replace_columns("lab/runs.parquet", lambda2=np.ones(len(RUNS)))(copy_atlas(lab_atlas, tmp_path / "broken"))
    app = open_app(tmp_path, "sae_lab", monkeypatch)
    (line,) = app.error
    assert "shown lists run 0 as standard" in words(line.value)
    assert not payloads(app)


def test_first_view_has_the_atlas_s_pair_and_the_first_test_image(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch)
    assert not app.error
    assert url(app) == {"atlas": "planted-lab", "run": str(NE), "image": str(N_TRAIN)}
    assert [each["run"] for each in head_to_head(app)["runs"]] == [STANDARD, NE]
    assert {each["run"]: each["selected"] for each in plot(app)["runs"] if each["selected"]} == {
        NE: "run",
        STANDARD: "against",
    }
    assert app.title[0].value == "SAE lab"
    assert "(16–4–3) trained on quadrants, 93.3% correct on 30 test images" in page_text(app)  # two labels are wrong


def test_head_to_head_matches_the_computation(lab, lab_atlas, monkeypatch):
    image = N_TRAIN + 1
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, image=str(image))
    for run in (STANDARD, NE):
        expected, shown_panel = sae_forward(lab.mlp, lab.sae(run), lab.hidden[image]), panel(app, run)
        assert [each["number"] for each in shown_panel["latents"]] == expected.strongest.tolist() == [TWO, BOTH]
        assert shown_panel["n_active"] == 2
        assert CLASSES[shown_panel["prediction"]["top"]] == "<b>right</b>"
        assert shown_panel["prediction"]["right"] is True
        for each in shown_panel["latents"]:
            effects = expected.contribution[each["number"]]
            np.testing.assert_allclose(each["effects"], effects - effects.mean(), atol=6e-4)
    assert sum(head_to_head(app)["clean"]["prediction"]["shares"]) == pytest.approx(1, abs=1e-3)


def test_latents_name_the_nearest_feature_of_the_picture(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, image=str(N_TRAIN + 1))
    latents = {each["number"]: each for each in panel(app, STANDARD)["latents"]}
    assert latents[BOTH]["feature"] == 1
    assert latents[BOTH]["feature_words"].startswith("belongs to feature 1, at mean distance 0.0")
    assert f"unit={BOTH}&feature=1" in latents[BOTH]["href"]


def test_picture_between_two_features_is_far_from_both(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, drawn="ffffffff00000000", unit=str(BOTH))
    latents = {each["number"]: each for each in panel(app, STANDARD)["latents"]}
    assert latents[BOTH]["feature"] is None
    assert latents[BOTH]["feature_words"].startswith("belongs to no feature: the nearest is feature")
    assert "The picture above belongs to no feature" in page_text(app)
    assert not any(each["has_picture"] for each in groups(app))


def test_drawn_picture_has_a_prediction_and_no_label(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, drawn=LEFT)
    assert not app.error
    assert url(app)["drawn"] == LEFT
    assert CLASSES[head_to_head(app)["clean"]["prediction"]["top"]] == "left"
    assert head_to_head(app)["clean"]["prediction"]["right"] is None
    assert data_of(app, "pixels", "full")["pixels"] == LEFT


def test_drawn_picture_as_text_and_back():
    pixels = from_text("0f7a", 4)
    np.testing.assert_allclose(pixels, np.array([0, 15, 7, 10]) / 15, rtol=1e-6)
    assert to_text(pixels) == "0f7a"
    assert to_text(np.array([0.03, 0.04, 2, -1])) == "01f0"
    for bad in ("0f7", "0f7ag", "0F7A", "0f7١", "", "0f7\n"):
        assert from_text(bad, 4) is None


def test_plot_has_every_run_with_links(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, image="130", measure="mean_distance")
    data = plot(app)
    assert [each["run"] for each in data["runs"]] == list(range(len(RUNS)))
    assert [(each["x"], each["kind"]) for each in data["runs"]][:4] == [
        (1.5, "standard"), (1.0, "standard"), (2.5, "standard"), (1.6, "ne"),
    ]  # fmt: skip
    assert data["identity"]["y"] == lab_json(lab_atlas)["identity"]["mean_distance"]
    assert "run=2&image=130&measure=mean_distance" in data["runs"][2]["href"]
    assert data["y"]["title"] == "Mean distance of neuron embeddings"
    assert [each["single"] for each in data["runs"]] == [False] * 4 + [True, False]


def test_fronts_of_each_kind(lab_atlas, monkeypatch):
    fronts = {
        each["kind"]: each["points"] for each in plot(open_app(lab_atlas.parent, "sae_lab", monkeypatch))["fronts"]
    }
    assert fronts["standard"] == [[1.0, 0.3], [1.5, 0.1], [2.5, 0.05]]
    assert fronts["ne"] == [[1.1, 0.28], [1.6, 0.12]]
    assert plot(open_app(lab_atlas.parent, "sae_lab", monkeypatch, measure="size"))["fronts"] == []


def test_runs_of_single_inputs_are_hidden_unless_selected(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, single="hide")
    assert [each["run"] for each in plot(app)["runs"]] == [0, 1, 2, 3, 5]
    pairs = data_of(app, "last", "meanings")
    assert [each["name"] for each in pairs["rows"]] == ["runs 0 and 3", "runs 2 and 5"]
    assert pairs["last"][0] == "single inputs"
    selected = open_app(lab_atlas.parent, "sae_lab", monkeypatch, single="hide", run="4")
    assert 4 in [each["run"] for each in plot(selected)["runs"]]


def test_run_is_compared_with_its_counterpart(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, run="2")
    assert [each["run"] for each in head_to_head(app)["runs"]] == [2, 5]
    explicit = open_app(lab_atlas.parent, "sae_lab", monkeypatch, run="2", against="1")
    assert [each["run"] for each in head_to_head(explicit)["runs"]] == [1, 2]
    assert url(explicit)["against"] == "1"


@pytest.mark.parametrize("number", [BOTH, BELOW, AGAINST])
def test_latent_has_its_maps_and_features(number, lab, lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, run="2", unit=str(number))
    unit = latent(lab, 2, number)
    unit_maps = maps(app)
    change = mlp_pixel_extremes(lab.mlp, unit.w, unit.b).change
    np.testing.assert_allclose(unit_maps["Activation map"]["values"], change, atol=2e-4)
    average = lab.x[unit.examples].mean(axis=0)
    np.testing.assert_allclose(unit_maps["Average example"]["values"], average, atol=1e-4)
    np.testing.assert_allclose(unit_maps["Importance map"]["values"], change * average, atol=2e-4)
    assert unit_maps["Importance map"]["most"] == unit_maps["Activation map"]["most"]
    assert sum(each["size"] for each in groups(app)) == len(unit.examples)
    assert f"Latent {number} of run 2, standard SAE" in page_text(app)


def test_features_at_the_cut_and_the_selected_one(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, run="0", unit=str(BOTH), feature="1")
    assert [(each["size"], each["current"]) for each in groups(app)] == [(50, False), (50, True)]
    assert [each["facts"].split(" · ")[0] for each in groups(app)] == ["all of class left", "all of class <b>right</b>"]
    whole = open_app(lab_atlas.parent, "sae_lab", monkeypatch, run="0", unit=str(BOTH), cut="1.5")
    assert [each["size"] for each in groups(whole)] == [100]
    assert url(whole)["cut"] == "1.5"


def test_pictures_link_to_the_head_to_head(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, run="0", unit=str(BELOW), drawn=LEFT)
    picture = groups(app)[0]["pictures"][0]
    assert "drawn" not in picture["href"]
    assert f"unit={BELOW}" in picture["href"]
    assert picture["words"].startswith("a below, image ")


def test_dead_latent_has_a_message(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, unit=str(DEAD))
    assert "This latent is dead" in page_text(app)
    assert not app.error


def test_units_of_the_pair_link_to_the_neuron_page(lab_atlas, monkeypatch):
    """The links have the cut at which the features were counted."""
    usual = Atlas.open(lab_atlas).lab.facts["cut"]

    def links(**query: str) -> list[str]:
        app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, **query)
        return [each.proto.query_string for each in app.main.get("page_link")]

    assert links(unit=str(BOTH)) == [f"atlas=planted-lab&layer=1&neuron={BOTH}&cut={usual:g}"]
    assert links(run=str(STANDARD), unit=str(BOTH)) == [f"atlas=planted-lab&layer=0&neuron={BOTH}&cut={usual:g}"]
    moved = links(unit=str(BOTH), cut="0.3", feature="0")
    assert moved == [f"atlas=planted-lab&layer=1&neuron={BOTH}&cut=0.3&feature=0"]
    assert links(run="2", unit=str(BOTH)) == []
    assert links(neuron="1") == []  # its atlas is missing


def test_hidden_neuron_links_to_its_atlas(lab_atlas, tmp_path, monkeypatch):
    for name in ("planted-lab", "planted-mlp"):
        copy_atlas(lab_atlas, tmp_path / name)
    app = open_app(tmp_path, "sae_lab", monkeypatch, atlas="planted-lab", neuron="1")
    assert [each.proto.query_string for each in app.main.get("page_link")] == [
        f"atlas=planted-mlp&layer=0&neuron=1&cut={CUT:g}"
    ]


@pytest.mark.parametrize(("layer", "run"), [(0, STANDARD), (1, NE)])
def test_neuron_page_links_to_the_lab(layer, run, lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "neuron", monkeypatch, layer=str(layer), neuron=str(BOTH), feature="1")
    chips = next(each["chips"] for each in payloads(app) if each.get("label") == "From feature 1")
    (href,) = [chip["href"] for chip in chips if chip["text"] == "In the SAE lab"]
    assert href == f"sae_lab?atlas=planted-lab&run={run}&unit={BOTH}&feature=1"
    query = dict(part.split("=") for part in href.split("?")[1].split("&"))
    lab_page = open_app(lab_atlas.parent, "sae_lab", monkeypatch, **query)
    assert f"Latent {BOTH} of run {run}" in page_text(lab_page)
    assert [each["current"] for each in groups(lab_page)] == [False, True]


def test_hidden_neuron_has_maps_like_a_latent(lab, lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, neuron="1")
    np.testing.assert_allclose(maps(app)["Activation map"]["values"], lab.mlp.W_in[:, 1], atol=1e-4)
    assert "Hidden neuron 1 of the MLP" in page_text(app)
    assert "unit" not in url(app)


def test_default_unit_is_the_strongest_on_the_picture(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, image=str(N_TRAIN + 2))
    assert f"Latent {BELOW} of run {NE}" in page_text(app)
    dark = open_app(lab_atlas.parent, "sae_lab", monkeypatch, drawn="0" * 16)
    assert f"Latent {ONE} of run {NE}" in page_text(dark)
    assert panel(dark, NE)["latents"] == []


BAD = {
    "run": (["x", "6", "-1", "1e3"], "this lab has runs 0 to 5"),
    "against": (["x", "99"], "this lab has runs 0 to 5"),
    "image": (["150", "a"], "this lab has images 0 to 149; the test set begins at 120"),
    "drawn": (["f", "g" * 16, "F" * 16, "f" * 17, ""], "a drawn picture is 16 digits from 0 to f"),
    "unit": (["8", "one"], "a run has latents 0 to 7"),
    "neuron": (["4", "<b>"], "the MLP has hidden neurons 0 to 3"),
    "feature": (["7", "x"], "this latent has only feature 0"),
    "cut": (["3", "x", "nan"], "a cut is a cosine distance, a number from 0 to 2; this lab’s is 0.05"),
    "measure": (["l0", "x"], "the measures are fvu, accuracy_lost,"),
    "single": (["yes"], "all or hide"),
    "among": (["none"], "among test, mlp, run or against"),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, (values, _) in BAD.items() for value in values])
def test_invalid_parameter_names_the_valid_values(name, value, lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, **{name: value})
    (line,) = app.error
    assert words(line.value).startswith(f"{name}={value[:39]}")
    assert BAD[name][1] in words(line.value)
    assert len(head_to_head(app)["runs"]) == 2


def test_latent_and_hidden_neuron_together_are_refused(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, unit="1", neuron="2")
    assert "name a latent (unit) or a hidden neuron (neuron), not both" in words(app.error[0].value)


def test_feature_of_a_dead_latent_is_refused(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, unit=str(DEAD), feature="0")
    assert "has no activating images" in words(app.error[0].value)


def test_next_button_steps_through_wrong_predictions(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch)
    app.selectbox(key="_lab_among").set_value("mlp").run()
    assert url(app)["image"] == str(WRONG[0])
    assert head_to_head(app)["clean"]["prediction"]["right"] is False
    app.button(key="_lab_next").click().run()
    assert url(app)["image"] == str(WRONG[1])
    app.button(key="_lab_next").click().run()
    assert url(app)["image"] == str(WRONG[0])
    assert "1 of 2" in page_text(app)


def test_wrong_predictions_of_a_run(lab, lab_atlas, monkeypatch):
    """The silent run predicts class 0 for every picture."""
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, run=str(SILENT), among="run")
    wrong = np.flatnonzero(lab.labels[N_TRAIN:] != 0) + N_TRAIN
    assert f"({len(wrong)})" in app.selectbox(key="_lab_among").options[2]
    app.button(key="_lab_next").click().run()
    assert url(app)["image"] == str(wrong[wrong > N_TRAIN][0])


def test_controls_change_the_url(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch)
    app.selectbox(key="_lab_measure").set_value("dead_share").run()
    app.toggle(key="_lab_single").set_value(True).run()
    assert url(app)["measure"] == "dead_share"
    assert url(app)["single"] == "hide"
    app.number_input(key="_lab_number").set_value(BOTH).run()
    assert url(app)["unit"] == str(BOTH)
    app.button(key="_next").click().run()
    assert url(app)["unit"] == str(BELOW)
    app.number_input(key="_lab_cut").set_value(0.5).run()
    assert url(app)["cut"] == "0.5"
    app.selectbox(key="_lab_run").set_value(2).run()
    assert url(app)["run"] == "2"
    assert "unit" not in url(app)
    app.selectbox(key="_lab_against").set_value(1).run()
    assert url(app)["against"] == "1"


def test_previous_next_and_random_skip_dead_latents(lab_atlas, monkeypatch):
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, unit=str(AGAINST))
    app.button(key="_next").click().run()
    assert url(app)["unit"] == str(ONE)
    app.button(key="_previous").click().run()
    assert url(app)["unit"] == str(AGAINST)
    app.button(key="_random").click().run()
    assert int(url(app)["unit"]) in (ONE, TWO, BOTH, BELOW)


def test_view_is_read_back_from_its_url(lab_atlas, monkeypatch):
    atlas = Atlas.open(lab_atlas)
    view = View(2, 4, 130, LEFT, BOTH, None, 1, 0.1, "dead_share", "hide", "against")
    query = view.query(atlas)
    app = open_app(lab_atlas.parent, "sae_lab", monkeypatch, **query)
    assert not app.error
    assert url(app) == query
