"""Why this meaning: the chart sums to what it says, heads read what they read, and an atlas without parts says why."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.contributions import Contributions
from ne_core.queries.attribution import attribution
from ne_core.refs import NeuronRef
from pages.components.neuron.why import read_words
from tests.support.apptest import open_app, payloads
from tests.support.hostile import copy_atlas, manifest_of, set_manifest

LARGE = {"layer": "2", "neuron": "0"}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def atlas(tiny_atlas):
    return Atlas.open(tiny_atlas)


def chart(app) -> dict:
    return next(each for each in payloads(app) if str(each.get("label")).startswith("What writes"))


def captions(app) -> str:
    return " ".join(each.value for each in app.caption)


def value(row: dict) -> float:
    return float(row["value"].replace("−", "-"))


@pytest.mark.parametrize("where", [{"feature": "1"}, {"cut": "2"}, {"branch": "20"}])
def test_the_parts_of_what_is_shown(tiny_atlas, atlas, monkeypatch, where):
    """A feature, another cut of the reader's, a branch: 11 parts before layer 2 and the biases."""
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, **where)
    neuron, rows = atlas.neuron(NeuronRef(2, 0)), chart(app)["rows"]
    shown = {"feature": neuron.feature == 1, "cut": np.ones(12, bool), "branch": np.ones(12, bool)}
    mean = atlas.contributions(NeuronRef(2, 0)).parts[shown[next(iter(where))]].astype(float).mean(axis=0)
    assert [row["name"] for row in rows[-3:]] == ["the other 2 parts", "biases", "pre-activation"]
    assert [value(row) for row in rows[:8]] == pytest.approx(sorted(mean[:-1], key=abs, reverse=True)[:8], abs=0.006)
    assert value(rows[-2]) == pytest.approx(mean[-1], abs=0.006)
    assert value(rows[-1]) == pytest.approx(mean.sum(), abs=0.006)
    assert sum(map(value, rows[:-1])) == pytest.approx(value(rows[-1]), abs=0.06)
    assert all(0 <= row["from"] <= row["from"] + row["size"] <= 1.001 for row in rows)
    assert f"of the {shown[next(iter(where))].sum()} examples of" in captions(app)


def test_what_a_head_reads(tiny_atlas, atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, feature="0")
    row = next(row for row in chart(app)["rows"] if row["name"] == "head L0 H1")
    neuron = atlas.neuron(NeuronRef(2, 0))
    rows = neuron.feature == 0
    n, before = rows.sum(), atlas.tokens[neuron.example[rows], neuron.pos[rows] - 1]
    assert (
        row["reads"]["before"] == f"reads most often from the token before it ({n} of {n} examples), there most often "
    )
    assert row["reads"]["token"] == atlas.visible_tokens[Counter(before.tolist()).most_common(1)[0][0]]
    assert row["reads"]["href"].startswith("search?atlas=planted&q=")


def test_a_token_that_is_read_from_anywhere(atlas):
    """It says more than distances that are all different; and it may be hostile."""
    neuron = atlas.neuron(NeuronRef(2, 2))
    rows, number = np.arange(len(neuron)), 1
    tokens, script = np.array(atlas.tokens), atlas.vocab.index(SCRIPT)
    back = np.arange(len(rows)) % (neuron.pos + 1)
    tokens[neuron.example, neuron.pos - back] = script
    wrote = atlas.contributions(NeuronRef(2, 2))
    reads = Contributions(wrote.part_list, wrote.parts, np.full((len(rows), 1), number), back[:, None])
    found = attribution(dataclasses.replace(atlas, tokens=tokens), neuron, reads, rows, most=4)
    reading = next(each.reading for each in found.largest if str(each.part) == "L0 H1")
    assert reading.by_token
    assert (reading.n, reading.n_token, reading.token) == (len(rows), len(rows), script)
    said = read_words(atlas, reading, len(rows) + 2)
    assert said["token"] == SCRIPT
    assert said["before"].startswith(
        f"one of the 8 strongest heads in {len(rows)} of {len(rows) + 2} examples, where it"
    )
    assert (
        said["after"]
        == f", {back.min()} to {back.max()} tokens before the key token ({len(rows)} of {len(rows)} examples)"
    )


def test_an_atlas_that_is_not_split_says_why(tiny_atlas, tmp_path, monkeypatch):
    copy = copy_atlas(tiny_atlas, tmp_path / "atlases" / "other")
    kept = ("contributions.npy", "read_head.npy", "read_back.npy")
    files = {name: entry for name, entry in manifest_of(copy)["files"].items() if not name.endswith(kept)}
    set_manifest(copy, files=files, contributions="the **reason** of a [stranger](http://x)")
    app = open_app(copy.parent, "neuron", monkeypatch, layer="0", neuron="0")
    assert not app.exception
    assert r"what wrote them\: the \*\*reason\*\* of a \[stranger\]\(http\:\/\/x\)\." in captions(app).replace(
        "\u2060", ""
    )
    assert Atlas.open(copy).contributions(NeuronRef(0, 0)) is None
