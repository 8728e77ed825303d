"""Parts of a pre-activation: sums of the chart, tokens that heads read, and the message of an atlas without parts."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method.contributions import Contributions
from ne_core.queries.attribution import attribution
from ne_core.refs import NeuronRef
from pages.components.neuron.details.why import read_words
from tests.support.apptest import open_app, payloads
from tests.support.hostile import copy_atlas, manifest_of, set_manifest

LARGE = {"layer": "2", "neuron": "0"}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def atlas(tiny_atlas):
    return Atlas.open(tiny_atlas)


def chart(app) -> dict:
    return next(each for each in payloads(app) if str(each.get("label")).startswith("Parts of the mean pre-activation"))


def captions(app) -> str:
    return " ".join(each.value for each in app.caption)


def value(row: dict) -> float:
    return float(row["value"].replace("−", "-"))


@pytest.mark.parametrize("query", [{"feature": "1"}, {"cut": "2"}, {"branch": "20"}])
def test_parts_of_a_feature_another_cut_and_a_branch(tiny_atlas, atlas, monkeypatch, query):
    """11 parts precede layer 2, and the biases."""
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, **query)
    neuron, rows = atlas.neuron(NeuronRef(2, 0)), chart(app)["rows"]
    selections = {"feature": neuron.feature == 1, "cut": np.ones(12, bool), "branch": np.ones(12, bool)}
    selected = selections[next(iter(query))]
    mean = atlas.contributions(NeuronRef(2, 0)).parts[selected].astype(float).mean(axis=0)
    assert [row["name"] for row in rows[-3:]] == ["the other 2 parts", "biases", "pre-activation"]
    assert [value(row) for row in rows[:8]] == pytest.approx(sorted(mean[:-1], key=abs, reverse=True)[:8], abs=0.006)
    assert value(rows[-2]) == pytest.approx(mean[-1], abs=0.006)
    assert value(rows[-1]) == pytest.approx(mean.sum(), abs=0.006)
    assert sum(map(value, rows[:-1])) == pytest.approx(value(rows[-1]), abs=0.06)
    assert all(0 <= row["from"] <= row["from"] + row["size"] <= 1.001 for row in rows)
    assert f"of the {selected.sum()} examples of" in captions(app)


def test_position_that_a_head_reads(tiny_atlas, atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, feature="0")
    row = next(row for row in chart(app)["rows"] if row["name"] == "head L0 H1")
    neuron = atlas.neuron(NeuronRef(2, 0))
    rows = neuron.feature == 0
    n, before = rows.sum(), atlas.tokens[neuron.example[rows], neuron.pos[rows] - 1]
    assert (
        row["reads"]["before"]
        == f"reads most often from the token before it ({n} of {n} examples), where it is most often "
    )
    assert row["reads"]["token"] == atlas.visible_tokens[Counter(before.tolist()).most_common(1)[0][0]]
    assert row["reads"]["href"].startswith("search?atlas=planted&q=")


def test_token_that_a_head_reads_at_any_distance(atlas):
    """A frequent token at varying distances is named; here it is hostile text."""
    neuron = atlas.neuron(NeuronRef(2, 2))
    rows, number = np.arange(len(neuron)), 1
    tokens, script = np.array(atlas.tokens), atlas.vocab.index(SCRIPT)
    back = np.arange(len(rows)) % (neuron.pos + 1)
    tokens[neuron.example, neuron.pos - back] = script
    contributions = atlas.contributions(NeuronRef(2, 2))
    reads = Contributions(contributions.part_list, contributions.parts, np.full((len(rows), 1), number), back[:, None])
    parts = attribution(dataclasses.replace(atlas, tokens=tokens), neuron, reads, rows, most=4)
    reading = next(each.reading for each in parts.largest if str(each.part) == "L0 H1")
    assert reading.by_token
    assert (reading.n, reading.n_token, reading.token) == (len(rows), len(rows), script)
    sentence = read_words(atlas, reading, len(rows) + 2)
    assert sentence["token"] == SCRIPT
    assert sentence["before"].startswith(
        f"one of the 8 strongest heads in {len(rows)} of {len(rows) + 2} examples, where it"
    )
    assert (
        sentence["after"]
        == f", {back.min()} to {back.max()} tokens before the key token ({len(rows)} of {len(rows)} examples)"
    )


def test_atlas_without_parts_gives_the_reason(tiny_atlas, tmp_path, monkeypatch):
    copy = copy_atlas(tiny_atlas, tmp_path / "atlases" / "other")
    removed = ("contributions.npy", "read_head.npy", "read_back.npy")
    files = {name: entry for name, entry in manifest_of(copy)["files"].items() if not name.endswith(removed)}
    set_manifest(copy, files=files, contributions="the **reason** of a [stranger](http://x)")
    app = open_app(copy.parent, "neuron", monkeypatch, layer="0", neuron="0")
    assert not app.exception
    assert r"into parts\: the \*\*reason\*\* of a \[stranger\]\(http\:\/\/x\)\." in captions(app).replace("\u2060", "")
    assert Atlas.open(copy).contributions(NeuronRef(0, 0)) is None
