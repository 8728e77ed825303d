"""Search: features by words and by exact token, why they were found, and the query in the URL."""

import pytest

from ne_core.atlas import Atlas
from pages.components import find
from tests.apptest import open_app, rows_of, url, words


def names(app) -> list[str]:
    return [f"{row['name']} F{row['number']}" for row in rows_of(app, "Features found")]


def test_an_empty_query_offers_key_tokens(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch)
    assert not app.error
    assert not app.get("bidi_component")
    links = [each.proto.query_string for each in app.get("page_link")]
    assert "atlas=planted&q=cat&mode=token" in links


def test_a_word_finds_the_features_that_fire_on_it(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="cat")
    assert set(names(app)[:2]) == {"L0 N0 F0", "L2 N0 F0"}
    row = rows_of(app, "Features found")[0]
    assert row["why"] == "matches the key token of 14 of 14 examples"
    assert row["line"]["k"] in row["line"]["h"]
    assert row["href"].endswith("layer=0&neuron=0&feature=0")


def test_the_last_word_may_be_unfinished(tiny_atlas, monkeypatch):
    assert "L2 N2 F0" in names(open_app(tiny_atlas.parent, "search", monkeypatch, q="riv"))


def test_an_exact_token_finds_only_its_key_tokens(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="dog", mode="token")
    assert names(app) == ["L0 N2 F0"]
    assert rows_of(app, "Features found")[0]["why"] == "key token of 6 of 6 examples"


@pytest.mark.parametrize(
    "q",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "日本語", "\t", "⇥", "\u202e", "[U+202E]", "\\xe2"],
)
def test_hostile_tokens_are_found_by_their_text(q, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q=q, mode="token")
    assert names(app)


def test_a_token_that_is_none_suggests_others(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="moo", mode="token")
    assert "The vocabulary has no such token" in app.markdown[-1].value
    assert any("q=moon" in each.proto.query_string for each in app.get("page_link"))


def test_a_query_that_finds_nothing_says_so(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="zebra")
    assert "No feature has all of these words" in app.markdown[-1].value


@pytest.mark.parametrize("q", ['"', "*", "NEAR(", "a AND", "'; DROP TABLE text", "\x00", " "])
def test_signs_are_no_syntax(q, tiny_atlas, monkeypatch):
    for mode in ("words", "token"):
        assert not open_app(tiny_atlas.parent, "search", monkeypatch, q=q, mode=mode).error


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"q": "cat", "mode": "x"}, "mode=x: the modes are words or token"),
        ({"q": "cat", "page": "5"}, "page=5: this search has only page 0"),
        ({"q": "cat", "page": "x"}, "page=x: pages are numbered 0 to 9999"),
    ],
)
def test_a_bad_link_says_what_would_have_worked(query, said, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, **query)
    assert [words(each.value) for each in app.error] == [said]
    assert names(app)


def test_typing_moves_the_url(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "search", monkeypatch, q="cat", page="0")
    app.text_input(key="_q").set_value("moon").run()
    assert url(app) == {"atlas": "planted", "q": "moon"}


def test_pages_follow_each_other(tiny_atlas, monkeypatch):
    monkeypatch.setattr(find, "PAGE", 5)
    first = open_app(tiny_atlas.parent, "search", monkeypatch, q="cat")
    second = open_app(tiny_atlas.parent, "search", monkeypatch, q="cat", page="1")
    assert len(names(first)) == 5
    assert not set(names(first)) & set(names(second))
    next(each for each in first.button if each.label == "Next").click().run()
    assert names(first) == names(second)


def test_tokens_with_and_without_their_space(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    assert (
        find.tokens_named(atlas, "cat") == find.tokens_named(atlas, "␣cat") == find.tokens_named(atlas, " cat") == [1]
    )
    assert find.tokens_named(atlas, "cat ") == []
    assert find.tokens_named(atlas, "⏎") == [15]


def test_a_word_may_run_over_tokens():
    assert find.tokens_holding(["re", " im", "port", " x"], "import") == [1, 2]
    assert find.tokens_holding(["re", " im", "port", " x"], "nothing") == []


def test_holding_asks_for_all_words_and_a_beginning():
    assert find.holds("the red cat", "cat re")
    assert not find.holds("the red cat", "re cat")
