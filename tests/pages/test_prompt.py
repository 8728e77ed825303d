"""Page Prompt: empty, with firings, a pick, an explanation, removed meanings; without a model; and bad links."""

import threading

import pytest

from ne_core.atlas import Atlas
from ne_core.live.answers import Refused
from ne_core.live.requests import WHOLE, OpenModel, ReadText, Removal, TakeOut, WhatMatters, WhyHere
from pages.components.prompt import requesting
from pages.components.serving import live_model
from pages.components.serving.live_queue import LiveQueue
from pages.components.url.prompt_view import LONGEST
from pages.components.widgets import export
from tests.support import fake_live
from tests.support.apptest import open_app, payloads, rows_of, url, words
from tests.support.fake_live import AT, NEURONS

TEXT = {"text": "the cat"}


@pytest.fixture
def open_prompt(tiny_atlas, monkeypatch):
    """Function that opens a view of the page; it returns the app and the requests made."""
    requests = fake_live.install(monkeypatch)

    def of(**query: str):
        requests.clear()
        return open_app(tiny_atlas.parent, "prompt", monkeypatch, **query), requests

    return of


def firings(app) -> list[dict]:
    return rows_of(app, "Features that fire")


def strip(app) -> dict:
    return next(each for each in payloads(app) if "counted" in each)


def markdowns(app) -> str:
    return words(" ".join(each.value for each in (*app.markdown, *app.caption, *app.subheader)))


def test_the_empty_page_offers_texts_of_the_corpus_and_loads_the_model(open_prompt, tiny_atlas):
    app, requests = open_prompt()
    offered = next(each["chips"] for each in payloads(app) if each.get("label", "").startswith("Texts"))
    assert 1 <= len(offered) <= 3
    assert all(each["href"].startswith("prompt?atlas=planted&example=") for each in offered)
    assert requests == [OpenModel()]
    assert "A note." in markdowns(app)


def test_a_text_is_read_and_its_strongest_features_are_listed_once(open_prompt, tiny_atlas):
    app, requests = open_prompt(**TEXT)
    assert requests == [ReadText("the cat", 0.75)]
    atlas = Atlas.open(tiny_atlas)
    numbers = [len(atlas.feature_ids(ref)) - 1 for ref in NEURONS]
    assert [(row["name"], row["number"]) for row in firings(app)] == list(zip(map(str, NEURONS), numbers, strict=True))
    assert [row["why"].split(":")[0].split(";")[0] for row in firings(app)] == [
        "Distance 0.30",
        "Unlike this feature’s examples",
        "Distance 0.40",
    ]
    assert ["too few examples" in row["why"] for row in firings(app)] == [False, False, True]
    assert "Only the first 256 tokens are read." in markdowns(app)


def test_an_example_of_the_corpus_becomes_its_text_with_its_key_token_picked(open_prompt, tiny_atlas):
    app, requests = open_prompt(example="5", key="4")
    atlas = Atlas.open(tiny_atlas)
    text = "".join(atlas.text(atlas.tokens[5, : int(atlas.lengths[5])]))
    assert requests == [ReadText(text, 0.75)]
    assert url(app) == {"atlas": "planted", "text": text, "pos": "4"}


def test_every_row_links_to_its_feature_and_to_requests_about_its_token(open_prompt):
    row = firings(open_prompt(**TEXT)[0])[0]
    ref = NEURONS[0]
    assert row["href"] == f"neuron?atlas=planted&layer={ref.layer}&neuron={ref.neuron}&feature={row['number']}"
    links = dict(row["also"])
    assert links["Why here"] == f"prompt?atlas=planted&text=the+cat&pos={AT}&why=0.2"
    assert links["Remove the meaning"].endswith(f"pos={AT}&out=0.2.{row['number']}")
    assert links["Remove the neuron"].endswith(f"pos={AT}&out=0.2")


def test_the_strip_counts_by_layer_and_token(open_prompt, tiny_atlas):
    drawn = strip(open_prompt(**TEXT, pos=str(AT), layer="2")[0])
    assert drawn["pick"] == {"pos": AT, "layer": 2}
    assert [row[AT] for row in drawn["active"]] == [1, 2]
    assert len(drawn["tokens"]) == int(Atlas.open(tiny_atlas).lengths[0]) == len(drawn["expected"])
    assert drawn["expected"][:2] == [None, 0.25]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"pos": str(AT)}, 3),
        ({"pos": str(AT + 1)}, 1),
        ({"layer": "2"}, 1),
        ({"layer": "0", "pos": str(AT)}, 2),
        ({"share": "90"}, 2),
    ],
)
def test_a_pick_limits_what_is_listed(query, count, open_prompt):
    assert len(firings(open_prompt(**TEXT, **query)[0])) == count


def test_no_firing_shows_what_to_do(open_prompt):
    app, _ = open_prompt(**TEXT, pos="1")
    assert "No neurons fire here at 75 % of their maximum" in markdowns(app).replace("**", "")


def test_why_here_requests_parts_and_importance_and_the_parts_sum(open_prompt):
    app, requests = open_prompt(**TEXT, pos=str(AT), why="2.3")
    assert requests[1:] == [WhyHere("the cat", AT, 2, 3), WhatMatters("the cat", AT, 2, 3)]
    rows = next(each["rows"] for each in payloads(app) if each.get("label", "").startswith("Parts of the pre"))
    values = [float(row["value"].replace("−", "-")) for row in rows]
    assert sum(values[:-1]) == pytest.approx(values[-1])
    lines = next(each for each in payloads(app) if each.get("label") == "Token importance by mask baseline")
    assert lines["names"] == ["mask-token", "mean-embedding"]
    assert [value is None for value in lines["lines"][0]["m"]] == [i > AT for i in range(len(lines["lines"][0]["t"]))]


def test_meanings_are_removed_beside_a_random_direction(open_prompt):
    app, requests = open_prompt(**TEXT, pos=str(AT), out="0.2.1,2.3")
    assert requests[-1] == TakeOut("the cat", (Removal(0, 2, 1), Removal(2, 3, WHOLE)), AT, AT)
    table = next(each for each in payloads(app) if len(each.get("head", [])) == 3)
    assert [row["values"] for row in table["rows"]] == [["50.0 %", "12.5 %", "50.0 %"], ["25.0 %", "50.0 %", "20.0 %"]]
    assert "−0.50 nats" in markdowns(app)
    back = next(each["chips"] for each in payloads(app) if each.get("label", "").startswith("Meanings"))
    assert back[0]["href"].endswith(f"pos={AT}&out=2.3")
    _, requests = open_prompt(**TEXT, pos=str(AT), out="2.3", where="everywhere")
    assert requests[-1].pos is None


def test_statements_of_the_model_are_shown_as_text(open_prompt):
    app, _ = open_prompt(**TEXT, out="2.3")
    shown = next(each.value for each in app.markdown if "from what it reads" in each.value)
    assert "<b>" not in shown.replace("\\<", "")


def test_each_request_is_made_once_a_session(open_prompt):
    app, requests = open_prompt(**TEXT)
    app.run()
    assert requests == [ReadText("the cat", 0.75)]


def test_a_typed_text_goes_into_the_address(open_prompt):
    app, _ = open_prompt(share="50", pos="3", **TEXT)
    app.text_area(key="_prompt_text").set_value("a & b\n<i>")
    app.button[0].click().run()
    assert url(app) == {"atlas": "planted", "text": "a & b\n<i>", "share": "50"}


def test_text_too_long_for_a_link_is_cut_with_a_message(open_prompt):
    app, requests = open_prompt(text="x" * (LONGEST + 5))
    assert requests == [ReadText("x" * LONGEST, 0.75)]
    assert f"only the first {LONGEST} characters are used" in words(app.error[0].value)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"share": "10"}, "share=10: a share of the maximum is 25 to 100 percent"),
        ({"why": "9.9"}, "why=9.9: this atlas has no neuron L9 N9: it has layers 0 and 2"),
        ({"out": "x"}, "out=x: a neuron is named by its layer and number, such as 0.12"),
        ({"out": "0.2.99"}, "out=0.2.99: neuron L0 N2 has features 0 to 3 at the atlas’s cut"),
        ({"out": ",".join(f"0.{i}" for i in range(11))}, "at most 10 meanings can be removed at once"),
    ],
)
def test_a_bad_link_says_what_would_have_worked(query, message, open_prompt):
    app, _ = open_prompt(**TEXT, **query)
    assert message in words(app.error[0].value)


def test_a_slow_answer_is_waited_for_and_a_request_of_another_view_is_withdrawn(open_prompt, monkeypatch):
    monkeypatch.setattr(requesting, "MOMENT_S", 0.0)
    release = threading.Event()
    monkeypatch.setattr(live_model, "QUEUE", LiveQueue(lambda *_: release.wait(60) and Refused("late"), 16))
    app, _ = open_prompt(text="first")
    assert "The model is computing the answer" in markdowns(app)
    app.query_params["text"] = "second"
    app.run()
    assert "One request is ahead of yours." in markdowns(app)
    (second,) = app.session_state[requesting.KEY].values()
    release.set()
    assert second.done_within(60)
    app.run()
    assert [words(each.value) for each in app.error] == ["late"]


def test_without_a_model_one_line_says_so_and_the_page_stands(tiny_atlas, monkeypatch):
    fake_live.install(monkeypatch, refusal="No model here: <b>install</b> requirements-live.txt.")
    assert "No model here" in open_app(tiny_atlas.parent, "prompt", monkeypatch).info[0].value
    app = open_app(tiny_atlas.parent, "prompt", monkeypatch, **TEXT)
    assert [words(each.value) for each in app.error] == ["No model here: <b>install</b> requirements-live.txt."]
    assert not app.exception


def test_an_atlas_of_images_leads_to_the_lab(image_atlas, monkeypatch):
    app = open_app(image_atlas.parent, "prompt", monkeypatch, **TEXT)
    assert "it has no prompts" in app.info[0].value


def test_firings_and_tokens_are_exported(open_prompt, monkeypatch):
    offered = {}
    monkeypatch.setattr(export, "download", lambda title, file, mime, made, key: offered.update({file: made}))
    app, _ = open_prompt(**TEXT)
    app.session_state["_export_prompt"] = True
    app.run()
    lines = offered["planted-prompt-firings.csv"]().decode().splitlines()
    table = [line for line in lines if not line.startswith("#")]
    assert table[0].replace('"', "") == "pos,token,layer,neuron,activation,share,feature,distance,margin,limit,unlike"
    assert len(table) == 5
    assert "planted-prompt-tokens.csv" in offered


def test_a_host_may_switch_the_live_model_off(tiny_atlas, monkeypatch):
    monkeypatch.setenv("NE_LIVE", "off")
    monkeypatch.setattr(requesting, "MOMENT_S", 60.0)
    app = open_app(tiny_atlas.parent, "prompt", monkeypatch, **TEXT)
    assert [words(each.value) for each in app.error] == [live_model.OFF]
