"""The intruder game: its questions, its controls, its address, and messages about games that cannot be."""

import json
from urllib.parse import parse_qsl

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.intervals import wilson
from ne_core.method.trees.cluster import unit
from ne_core.queries.intruder import game
from pages.components.game.question import AFTER, BEFORE, question_id
from tests.support.apptest import open_app, payloads, url, words
from tests.support.hostile import copy_atlas, manifest_of, set_manifest
from tests.support.planted import VOCAB


def question_data(app) -> dict:
    return next(each for each in payloads(app) if "ids" in each)


def text(app) -> str:
    return words(" ".join(each.value for each in (*app.markdown, *app.caption)))


def test_level_without_questions_links_to_the_other(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "game", monkeypatch, level="key_token")
    assert not app.error
    assert "This level has no questions: no neuron has a feature of 5 or more examples and another" in text(app)
    chip = next(each for each in payloads(app) if each.get("label") == "Another level")["chips"][0]
    assert chip["href"] == "game?atlas=planted&seed=0"
    assert not [each for each in payloads(app) if "ids" in each]


def test_atlas_without_questions_says_what_would_make_some(tiny_atlas, monkeypatch):
    """The seed is of this test alone: games are cached, with those of other tests of the same process."""
    monkeypatch.setattr("ne_core.queries.intruder.FIVE", 50)
    monkeypatch.setattr("pages.components.game.empty.FIVE", 50)
    app = open_app(tiny_atlas.parent, "game", monkeypatch, seed="4711")
    assert "This atlas has no questions: no neuron has a feature of 50 or more examples" in text(app)
    assert "--max-examples" in text(app)
    bad = open_app(tiny_atlas.parent, "game", monkeypatch, seed="4711", question="3")
    assert [words(each.value) for each in bad.error] == ["question=3: this game has no questions: choose another level"]


def test_deep_link_shows_its_question(tiny_atlas, monkeypatch):
    atlas = Atlas.open(tiny_atlas)
    app = open_app(tiny_atlas.parent, "game", monkeypatch, seed="7", question="2")
    data, question = question_data(app), game(atlas, 7, "activation").questions[2]
    neuron = atlas.neuron(question.neuron)
    assert url(app) == {"atlas": "planted", "seed": "7", "question": "2"}
    assert data["ids"][2] == data["result"]["id"] == question_id(question)
    assert data["result"]["answer"] == question.answer
    for line, row in zip(data["lines"], question.rows, strict=True):
        assert line["t"][line["k"]] == VOCAB[atlas.tokens[neuron.example[row], neuron.pos[row]]].replace("\n", "⏎")
    names = [(each["title"], each["name"], dict(parse_qsl(each["href"].split("?")[1]))) for each in data["facts"]]
    for (title, name, query), (wanted, ref) in zip(
        names, zip(("The five", "The intruder"), question.refs, strict=True), strict=True
    ):
        assert (title, name, query) == (wanted, str(ref), {"atlas": "planted", **ref.query()})
    assert data["addresses"][0] == "game?atlas=planted&seed=7"
    assert "This game has only 4 questions" in text(app)


def test_nothing_tells_the_intruder_apart(tiny_atlas, monkeypatch):
    """No importances, which some examples lack, no numbers of examples, and one width of context for all."""
    for question in range(4):
        data = question_data(open_app(tiny_atlas.parent, "game", monkeypatch, question=str(question)))
        assert {tuple(line) for line in data["lines"]} == {("t", "v", "m", "k")}
        assert {line["m"] for line in data["lines"]} == {None}
        for line in data["lines"]:
            assert line["k"] <= BEFORE
            assert len(line["t"]) - line["k"] <= AFTER + 1


def test_distances_match_the_inputs(tiny_atlas, monkeypatch):
    atlas = Atlas.open(tiny_atlas)
    data, question = question_data(open_app(tiny_atlas.parent, "game", monkeypatch)), game(atlas, 0, "activation")
    question = question.questions[0]
    x = np.asarray(atlas.neuron_inputs(question.neuron), dtype=np.float32)[list(question.rows)]
    e = unit(x * atlas.weights(question.neuron.layer).W_in[:, question.neuron.neuron].astype(np.float32))
    distances, others = 1 - e @ e.T, [i for i in range(6) if i != question.answer]
    far = distances[question.answer][others].mean()
    near = np.mean([distances[i, j] for i in others for j in others if i != j])
    assert near < 0.2 < 0.8 < far
    assert f"of the intruder to the five: {far:.2f}; of the five to each other: {near:.2f}." in data["why"]


def test_intervals_are_those_of_wilson(tiny_atlas, monkeypatch):
    data = question_data(open_app(tiny_atlas.parent, "game", monkeypatch))
    assert data["chance"] == pytest.approx(1 / 6)
    assert data["intervals"][0] == [[0, 1]]
    low, high = wilson(np.array([3]), 7)
    assert data["intervals"][7][3] == [low[0], high[0]]
    assert len(data["intervals"]) == 11


def test_atlas_without_inputs_says_so(tiny_atlas, tmp_path, monkeypatch):
    root = copy_atlas(tiny_atlas, tmp_path / "planted")
    files = {name: each for name, each in manifest_of(root)["files"].items() if not name.startswith("inputs")}
    set_manifest(root, inputs=False, files=files)
    assert "built without inputs" in question_data(open_app(tmp_path, "game", monkeypatch))["why"]


def test_level_and_new_game_change_the_address(tiny_atlas, monkeypatch):
    monkeypatch.setattr("random.choice", lambda seeds: seeds[41])
    app = open_app(tiny_atlas.parent, "game", monkeypatch, seed="7", question="2")
    app.button(key="_new_game").click().run()
    assert url(app) == {"atlas": "planted", "seed": "41"}
    app.button_group(key="_game_level").set_value("key_token").run()
    assert url(app) == {"atlas": "planted", "seed": "41", "level": "key_token"}


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"seed": "x"}, "seed=x: seeds are numbered 0 to 999999"),
        ({"seed": "-5"}, "seed=-5: seeds are numbered 0 to 999999"),
        ({"level": "hard"}, "level=hard: the levels are activation or key_token"),
        ({"question": "4"}, "question=4: this game has questions 0 to 3"),
        ({"question": "<b>"}, "question=<b>: this game has questions 0 to 3"),
    ],
)
def test_invalid_parameter_names_the_valid_values(query, problem, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "game", monkeypatch, **query)
    assert [words(each.value) for each in app.error] == [problem]
    assert len(question_data(app)["lines"]) == 6


def test_images_are_shown_without_their_numbers(image_atlas, monkeypatch):
    app = open_app(image_atlas.parent, "game", monkeypatch)
    data = question_data(app)
    assert data["images"]
    assert "Five of these images are examples of one feature of a latent" in text(app)
    assert [each["image"]["words"] for each in data["lines"]] == [f"a {each['t'][0]}" for each in data["lines"]]
    assert "image 1" not in json.dumps(data)
