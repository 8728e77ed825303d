"""The neuron page: views of valid and invalid links, dead neurons, and the data of its components."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.queries import neuronpedia
from ne_core.refs import FeatureRef, NeuronRef
from ne_core.text.token_text import short
from pages.components.text.labels import Label, brief, label
from pages.components.url.neuron_view import View
from pages.components.widgets.cluster_words import tab_title
from pages.components.widgets.picker import beside
from pages.components.widgets.token_lines.lines import lines
from tests.support.apptest import open_app, payloads, rows_of, url, words
from tests.support.hostile import copy_atlas, set_manifest


def title(app) -> str:
    return app.title[0].value


def test_link_to_neuronpedia_only_for_its_models(tiny_atlas, monkeypatch):
    def outside(app) -> str | None:
        return next(each["outside"] for each in payloads(app) if "outside" in each)

    assert outside(open_app(tiny_atlas.parent, "neuron", monkeypatch)) is None
    model = neuronpedia.NeuronpediaModel("gpt2-small", 3, 6, 16)
    monkeypatch.setattr(neuronpedia, "has_shape", lambda manifest, model: True)
    monkeypatch.setitem(neuronpedia.MODELS, "planted", model)
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="2", neuron="3")
    assert outside(app) == "https://www.neuronpedia.org/gpt2-small/2/3"


def test_dropped_near_duplicates_are_named(tiny_atlas, tmp_path, monkeypatch):
    folder = copy_atlas(tiny_atlas, tmp_path / "planted")
    assert "near duplicates" not in open_app(tmp_path, "neuron", monkeypatch).caption[0].value
    set_manifest(folder, near_duplicates="dropped")
    line = open_app(tmp_path, "neuron", monkeypatch).caption[0].value
    assert line.startswith("17 examples without near duplicates, which were left out when the atlas was built · ")


def test_default_is_a_suggested_neuron(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch)
    assert title(app) == "Layer 0 · Neuron 0"
    assert url(app) == {"atlas": "planted", "layer": "0", "neuron": "0"}


def test_link_opens_its_feature(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="2", feature="1", space="pre_mlp")
    assert not app.error
    assert title(app) == "Layer 0 · Neuron 2"
    assert [row["current"] for row in rows_of(app, "Features of")] == [False, True, False, False]
    examples = next(each for each in payloads(app) if "lines" in each)
    assert examples["head"]["number"] == 1
    assert examples["head"]["label"] == ["blue"]
    assert len(examples["lines"]) == 5
    assert app.session_state["_space"] == "pre_mlp"
    assert url(app)["feature"] == "1"


@pytest.mark.parametrize(
    ("query", "message", "view"),
    [
        ({"layer": "9"}, "layer=9: this atlas has layers 0 and 2", "Layer 2 · Neuron 0"),
        ({"layer": "0", "neuron": "40"}, "neuron=40: layer 0 has neurons 0 to 5", "Layer 0 · Neuron 5"),
        ({"layer": "0", "neuron": "x"}, "neuron=x: layer 0 has neurons 0 to 5", "Layer 0 · Neuron 0"),
        (
            {"layer": "0", "neuron": "0", "feature": "7"},
            "feature=7: this neuron has features 0 to 1",
            "Layer 0 · Neuron 0",
        ),
        ({"space": "x"}, "space=x: the spaces are neuron, pre_mlp or aligned", "Layer 0 · Neuron 0"),
        (
            {"layer": "0", "neuron": "4", "feature": "0"},
            "feature=0: this neuron has no activating examples, so it has no features",
            "Layer 0 · Neuron 4",
        ),
    ],
)
def test_invalid_parameter_names_the_valid_values(query, message, view, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **query)
    assert [words(each.value) for each in app.error] == [message]
    assert title(app) == view
    assert url(app) == query  # unchanged, so that the message refers to it


def test_every_invalid_parameter_has_a_message(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="z", neuron="-3", feature="q", space="w")
    assert [words(each.value).split("=")[0] for each in app.error] == ["layer", "neuron", "space", "feature"]


def test_dead_neuron_has_a_message_and_a_link_to_one_with_examples(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="4")
    assert "dead" in app.info[0].value
    link = next(each.proto for each in app.get("page_link") if "nearest" in each.proto.label)
    assert link.query_string == "atlas=planted&layer=0&neuron=3"
    assert not app.main.get("bidi_component")


def test_one_example_has_no_tree(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="3")
    assert not [each for each in payloads(app) if "branches" in each]
    assert "One example: there is no tree to draw." in [each.value for each in app.caption]


def test_next_and_previous_wrap_around_the_layer(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="5", feature="1")
    button = {each.label: each for each in app.button}
    button["Next"].click().run()
    assert url(app) == {"atlas": "planted", "layer": "0", "neuron": "0"}
    button = {each.label: each for each in app.button}
    button["Previous"].click().run()
    assert title(app) == "Layer 0 · Neuron 5"


def test_next_and_previous_skip_dead_neurons(tiny_atlas, monkeypatch):
    """L0 N4 is dead."""
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="3")
    next(each for each in app.button if each.label == "Next").click().run()
    assert title(app) == "Layer 0 · Neuron 5"
    next(each for each in app.button if each.label == "Previous").click().run()
    assert title(app) == "Layer 0 · Neuron 3"


@pytest.mark.parametrize(("neuron", "step", "other"), [(3, 1, 5), (4, 1, 5), (4, -1, 3), (5, 1, 1), (1, -1, 5)])
def test_next_neuron_with_examples(neuron, step, other):
    assert beside(np.array([1, 3, 5]), neuron, step) == other


def test_next_neuron_with_examples_of_a_single_one():
    assert beside(np.array([2]), 2, 1) == 2
    assert beside(np.array([]), 2, -1) == 2


def test_controls_change_the_url(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="5")
    app.selectbox(key="_layer").select(2).run()
    assert url(app) == {"atlas": "planted", "layer": "2", "neuron": "4"}  # the nearest neuron of layer 2
    app.number_input(key="_neuron").set_value(2).run()
    assert url(app)["neuron"] == "2"


def test_random_button_skips_dead_neurons(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="0")
    for _ in range(6):
        next(each for each in app.button if each.label == "Random").click().run()
        assert not app.info


def test_similar_features_are_links_to_features(tiny_atlas, monkeypatch):
    """L2 N0 F0 was planted with the direction of L0 N0 F0."""
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="0", space="pre_mlp")
    best = next(each for each in rows_of(app, "Features similar") if each["name"] == "L2 N0")
    assert best["href"] == "neuron?atlas=planted&layer=2&neuron=0&feature=0&space=pre_mlp"
    assert float(best["meta"]) > 0.9


def test_missing_importance_is_null(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="0", feature="0")
    examples = next(each for each in payloads(app) if "lines" in each)
    known = [line["m"] is not None for line in examples["lines"]]
    assert sum(known) == 3
    assert known == sorted(known, reverse=True)  # lines with importance come first
    assert "computed for 3 of 14" in examples["head"]["facts"]


def test_lines_match_the_atlas(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    neuron = atlas.neuron(NeuronRef(0, 0))
    tokens = atlas.window_tokens(neuron, np.arange(len(neuron)))
    for row, line in enumerate(lines(atlas, neuron, range(len(neuron)))):
        assert len(line["t"]) == len(line["v"]) == int((tokens[row] >= 0).sum())
        assert math.isclose(line["v"][line["k"]], float(neuron.activation[row]), abs_tol=2e-3)
        assert line["m"] is None or len(line["m"]) == line["k"] + 1


def test_short_lines_include_the_key_token(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    neuron = atlas.neuron(NeuronRef(0, 0))
    for whole, part in zip(lines(atlas, neuron, range(5)), lines(atlas, neuron, range(5), 2, 1), strict=True):
        assert part["t"][part["k"]] == whole["t"][whole["k"]]
        assert part["k"] <= 2
        assert len(part["t"]) <= 4


def test_labels_of_planted_features(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    assert str(label(atlas, atlas.feature_id(FeatureRef(0, 0, 0)))).startswith("“cat”")
    assert label(atlas, atlas.feature_id(FeatureRef(0, 2, 3))).tokens == ("[U+202E]",)


def test_label_in_words():
    assert str(Label(("York",), False, ("New",))) == "“York” after “New”"
    assert str(Label(("York", "Jersey"), True, ("New", "of"))) == "“York”, “Jersey” … after “New”, “of”"
    assert Label(("York",), False, ("New",)).data() == {"label": ["York"], "context": ["New"], "has_others": False}


def test_brief_labels_have_context_only_to_distinguish_equal_terms():
    new, old, duke = (Label(("York",), False, before) for before in (("New", "of"), (), ("Duke",)))
    assert brief([new, Label(("to",), False, ("the",))]) == ["York", "to"]
    assert brief([new, old, duke]) == [["York", "New"], "York", ["York", "Duke"]]
    assert brief([old, old]) == ["York"]


def test_features_have_their_number_and_stored_label(tiny_atlas, monkeypatch):
    """Half of the planted key tokens are hostile text, which the list, the heading and the tree escape."""
    atlas = Atlas.open(tiny_atlas)
    for ref in (NeuronRef(0, 2), NeuronRef(2, 3)):
        app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **ref.query(), feature="1")
        rows = rows_of(app, "Features of")
        stored = [label(atlas, id).data() for id in atlas.feature_ids(ref)]
        assert [{name: row[name] for name in ("label", "context", "has_others")} for row in rows] == stored
        assert [row["number"] for row in rows] == list(range(len(stored)))
        head = next(each["head"] for each in payloads(app) if "lines" in each)
        assert (head["number"], head["label"], head["context"]) == (1, stored[1]["label"], stored[1]["context"])


def test_tree_has_labels_for_all_nodes(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="2")
    tree = next(each for each in payloads(app) if "branches" in each)
    n = len(tree["leaves"])
    assert len(tree["names"]) == 2 * n - 1
    assert [name[0] for name in tree["names"][:n]] == [[short(leaf["text"][1])] for leaf in tree["leaves"]]
    features = rows_of(app, "Features of")
    assert [features[0]["label"], features[0]["context"]] in tree["names"]


def test_tab_title_has_the_feature_and_its_label(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    view = View(NeuronRef(0, 2), 1, "neuron", 0.5)
    labels = [Label(("dog",), False), Label(("blue",), False, ("the",)), Label(("dog",), False)]
    assert tab_title(atlas, view, labels, labels[1]) == "L0 N2 F1 “blue” after “the”"
    assert tab_title(atlas, replace(view, feature=None), labels, labels[0]) == "L0 N2 “dog”, “blue”"
    assert tab_title(atlas, replace(view, branch=3), labels, labels[1]) == "L0 N2 branch 3 “blue” after “the”"
