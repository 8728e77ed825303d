"""The page Across layers: the planted trail, its links, the URL, and the messages where there is no trail."""

import shutil
from types import SimpleNamespace

import pytest

from ne_core.atlas import Atlas
from ne_core.method.comparable import Verdict
from pages.components.across_layers import summary
from tests.ne_core.queries.test_trail import planted
from tests.support.apptest import open_app, payloads, rows_of, url, words


def graph(app) -> dict:
    return next(each for each in payloads(app) if "nodes" in each)


def refs(app) -> list[str]:
    return [node["ref"] for node in graph(app)["nodes"]]


def page_text(app) -> str:
    return words(" ".join(each.value for each in app.markdown))


# Four features share one direction of inputs: L0 N0 F0, L0 N2 F0, L2 N0 F0 and L2 N3 F2.
PLANTED = {"layer": "0", "neuron": "0", "feature": "0", "space": "pre_mlp", "least": "0.9"}


def test_planted_trail_has_its_features_and_links(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "across_layers", monkeypatch, **PLANTED)
    assert not app.error
    assert refs(app)[0] == "L0 N0 F0"
    assert set(refs(app)) == {"L0 N0 F0", "L0 N2 F0", "L2 N0 F0", "L2 N3 F2"}
    links = graph(app)["links"]
    assert {(refs(app)[a], refs(app)[b]) for a, b, _ in links} == {
        (one, other) for one in ("L0 N0 F0", "L0 N2 F0") for other in ("L2 N0 F0", "L2 N3 F2")
    }
    assert "Not with layer 2: fewer than 20 features are too few to tell." in page_text(app)
    assert "Where else the feature appears" in page_text(app)


def test_nodes_link_to_their_feature_and_their_trail(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "across_layers", monkeypatch, **PLANTED)
    node = next(node for node in graph(app)["nodes"] if node["ref"] == "L2 N0 F0")
    assert node["href"] == "neuron?atlas=planted&layer=2&neuron=0&feature=0&space=pre_mlp"
    assert node["root"] == "across_layers?atlas=planted&layer=2&neuron=0&feature=0&space=pre_mlp&least=0.9"
    rows = [row for layer in (0, 2) for row in rows_of(app, f"Features of layer {layer}")]
    assert [f"{row['name']} F{row['number']}" for row in rows] == refs(app)
    roots = [node["root"] for node in graph(app)["nodes"]]
    assert roots[0] is None
    assert [row["also"] for row in rows] == [[], *([["Trail from here", root]] for root in roots[1:])]


@pytest.fixture
def model_of(tiny_atlas):
    """Make a model with the given layers, which have numbers only."""
    manifest = Atlas.open(tiny_atlas).manifest
    return lambda *layers: SimpleNamespace(layers=layers, manifest=manifest)


def test_summary_names_first_layer_splits_and_merges(model_of, monkeypatch):
    """The trail planted by queries/test_trail.py, in models of more and fewer layers, all of them comparable."""
    monkeypatch.setattr(summary, "name", lambda atlas, trail, node: f"<{trail.ids[node]}>")
    assert summary.sentences(model_of(0, 1, 2, 3, 4), planted(), 1) == [
        "Layer 1 can be compared with layers 0, 2, 3 and 4 in this space.",
        "It first appears in layer 1 (<2>) and continues to the last layer. Absent from layer 3.",
        "It splits at <2>, layer 1, into 2 groups.",
        "It merges at <10>, layer 4, from 2 groups.",
    ]
    first = summary.sentences(model_of(1, 2, 4, 5), planted(), 1)[1]
    assert first == "It is present from the first layer (<2>) and last appears in layer 4."
    assert summary.sentences(model_of(1), planted(per=1, least=1.0), 1) == [summary.ONE_LAYER]


def test_summary_of_a_trail_without_similar_features(model_of):
    lines = summary.sentences(model_of(0, 1, 2), planted(per=1, least=1.0), 1)
    assert lines[1:] == ["No feature of layers 0 or 2 has a cosine of 1 or more with this one."]


def test_summary_ignores_layers_that_cannot_be_compared(model_of, monkeypatch):
    """Layer 0 cannot be compared with the others: the absence of a concept there is no evidence."""
    monkeypatch.setattr(summary, "name", lambda atlas, trail, node: f"<{trail.ids[node]}>")
    pairs = {(0, 0): Verdict.COMPARABLE}
    verdicts = lambda a, b: pairs.get((a, b), Verdict.CHANCE if 0 in (a, b) else Verdict.COMPARABLE)  # noqa: E731
    sentences = summary.sentences(model_of(0, 1, 2, 3, 4), planted(verdicts=verdicts), 1)
    assert sentences[0].startswith("Layer 1 can be compared with layers 2, 3 and 4 in this space. Not with layer 0: ")
    assert sentences[1].startswith(
        "Among layers 1, 2, 3 and 4: it is present from the first layer (<2>) and continues to the last layer."
    )
    alone = summary.sentences(model_of(0, 1, 2, 3, 4), planted(verdicts=verdicts, seed=0, siblings=(0,)), 0)
    assert alone[0].startswith("Layer 0 can be compared with no other layer in this space. Not with layers 1, 2, 3 or ")
    assert alone[1] == "Where else the feature appears, splits or merges is therefore unknown."
    assert not any(word in " ".join(alone) for word in ("first appears", "stays", "It splits", "It merges"))


def test_default_is_the_first_suggested_trail(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "across_layers", monkeypatch)
    assert not app.error
    suggestions = next(each for each in payloads(app) if each.get("label") == "Trails worth following")["chips"]
    assert [chip["current"] for chip in suggestions].index(True) == 0
    assert url(app).keys() == {"atlas", "layer", "neuron", "feature"}
    assert len(suggestions) == len({chip["href"] for chip in suggestions}) > 1


def test_page_without_similar_features_suggests_a_lower_cosine(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "across_layers", monkeypatch, **PLANTED | {"least": "1"})
    assert not [each for each in payloads(app) if "nodes" in each]
    assert any("Lower the minimum cosine" in each.value for each in app.caption)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"layer": "1"}, "layer=1: this atlas has layers 0 and 2"),
        ({"neuron": "99"}, "neuron=99: layer 0 has neurons 0 to 5"),
        ({"feature": "7"}, "feature=7: this neuron has features 0 to 1 at the atlas’s cut"),
        ({"neuron": "4"}, "neuron=4: this neuron is dead and has no features; showing another neuron"),
        ({"space": "x"}, "space=x: the spaces are neuron, pre_mlp or aligned"),
        ({"least": "2"}, "least=2: the least cosine is a number from 0 to 1"),
        ({"per": "0"}, "per=0: a trail has 1 to 10 features of each layer"),
        ({"per": "<b>"}, "per=<b>: a trail has 1 to 10 features of each layer"),
    ],
)
def test_invalid_parameter_names_the_valid_values(query, problem, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "across_layers", monkeypatch, **PLANTED | query)
    assert [words(each.value) for each in app.error] == [problem]
    assert rows_of(app, "The feature that the trail starts from")


def test_controls_change_the_url(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "across_layers", monkeypatch, **PLANTED)
    app.number_input(key="_trail_per").set_value(2).run()
    app.number_input(key="_trail_least").set_value(0.8).run()
    assert url(app) == {"atlas": "planted", **PLANTED, "least": "0.8", "per": "2"}
    app.button_group(key="_trail_space").set_value("neuron").run()
    assert url(app) == {"atlas": "planted", "layer": "0", "neuron": "0", "feature": "0", "per": "2"}


def test_neuron_page_links_to_the_trail(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="0", feature="1")
    links = next(each for each in payloads(app) if each.get("label") == "From feature 1")["chips"]
    assert {chip["text"]: chip["href"] for chip in links} == {
        "More like this": "search?atlas=planted&like=0.0.1",
        "Follow across layers": "across_layers?atlas=planted&layer=0&neuron=0&feature=1",
        "Central example as a prompt": "prompt?atlas=planted&example=34&key=11",
    }


def test_truncated_index_gives_one_error_line(tiny_atlas, tmp_path, monkeypatch):
    root = tmp_path / "planted"
    shutil.copytree(tiny_atlas, root)
    app = open_app(tmp_path, "across_layers", monkeypatch, **PLANTED)
    path = root / "features_pre_mlp.faiss"
    path.write_bytes(path.read_bytes()[:-1])
    app.run()
    assert ["is not an 8-bit index" in each.value.replace("\\", "") for each in app.error] == [True]
