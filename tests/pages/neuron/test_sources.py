"""Sources of examples on the pages: on every row, in details, search results and exports; and atlases without any."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.export.frames import examples_frame, features_frame
from ne_core.queries.sources import source_names
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.widgets.token_lines import example_lines, whole_examples
from tests.support.apptest import open_app, payloads, rows_of, url, words
from tests.support.hostile import copy_atlas, without_documents
from tests.support.planted import FILES

LARGE = {"layer": "0", "neuron": "0"}


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


@pytest.fixture(scope="module")
def old(tiny_atlas, tmp_path_factory):
    """Return the folder of an atlas without sources."""
    return without_documents(copy_atlas(tiny_atlas, tmp_path_factory.mktemp("old") / "planted")).parent


def example_rows(app) -> list[dict]:
    return next(each["lines"] for each in payloads(app) if "lines" in each)


def test_every_example_has_its_source_as_text(tiny_atlas, atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE)
    rows = example_rows(app)
    example, pos = (np.array([row[name] for row in rows]) for name in ("e", "p"))
    for row, name in zip(rows, atlas.documents.sources(example, pos), strict=True):
        assert row["source"] == [name, name]
    assert {row["source"][0].split(" line")[0] for row in rows} == set(FILES)
    assert not any("<b>" in each.value for each in (*app.markdown, *app.caption))


def test_details_count_sources_and_escape_names(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, feature="0")
    assert "Sources" in [tab.label for tab in app.tabs]
    sentence = next(each.value for each in app.markdown if each.value.startswith("The 14 examples of feature 0 come"))
    assert "**2 files** (by chance 2.0)" in sentence
    assert sentence.endswith("The neuron has 17.")
    listed = next(each.value for each in app.caption if each.value.startswith("Files:"))
    assert "<b>" not in listed
    assert FILES[1] in words(listed)


def test_search_results_have_the_source_of_their_example(tiny_atlas, atlas, monkeypatch):
    row = rows_of(open_app(tiny_atlas.parent, "search", monkeypatch, q="cat"), "Features found")[0]
    names = source_names(atlas, atlas.neuron(NeuronRef(0, 0)), np.arange(17))
    assert row["source"][0] in names


def test_exports_have_a_column_of_sources(tiny_atlas, atlas, old):
    frame = examples_frame(atlas, FeatureRef(2, 3, 0))
    neuron = atlas.neuron(NeuronRef(2, 3))
    assert frame["source"].tolist() == source_names(atlas, neuron, frame["row"].to_numpy())
    table, central = features_frame(atlas, [atlas.feature_id(FeatureRef(2, 3, 0))]), frame[frame["central"]]
    assert table["source"].tolist() == central["source"].tolist()
    without = Atlas.open(old / "planted")
    assert "source" not in examples_frame(without, NeuronRef(2, 3))
    assert "source" not in features_frame(without)


def test_examples_of_one_source(tiny_atlas, atlas, monkeypatch):
    neuron = atlas.neuron(NeuronRef(0, 0))
    names = source_names(atlas, neuron, np.flatnonzero(neuron.feature == 0))
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, feature="0", source=FILES[1])
    assert sorted(row["source"][0] for row in example_rows(app)) == sorted(n for n in names if n.startswith(FILES[1]))
    data = next(each for each in payloads(app) if "lines" in each)
    assert data["count"].startswith(f"{len(data['lines'])} of 14 examples pass the filters")
    assert data["bar"]["source"] == ["Source", "begins with a file"]
    assert (data["bar"]["query"]["source"], "source" in data["bar"]["all"]) == (FILES[1], False)


@pytest.mark.parametrize("page", ["neuron", "search"])
def test_atlas_without_sources(page, old, monkeypatch):
    query = LARGE if page == "neuron" else {"q": "cat"}
    app = open_app(old, page, monkeypatch, **query, source=FILES[0])
    assert not app.error
    assert "source" not in url(app)
    assert not any(each.label.startswith("Source") for each in app.text_input)
    assert not any(each["bar"]["source"] for each in payloads(app) if "bar" in each)
    lists = [each.get("lines") or each.get("rows") or [] for each in payloads(app)]
    assert any(lists)
    assert not any("source" in row for rows in lists for row in rows)
    assert "Sources" not in [tab.label for tab in app.tabs]


def test_whole_example_of_a_row(tiny_atlas, atlas, monkeypatch):
    """Text before the window, the window and the text after it are the example."""
    monkeypatch.setattr(example_lines, "SHORT", (3, 1))
    for context in ("whole", "short"):
        rows = example_rows(open_app(tiny_atlas.parent, "neuron", monkeypatch, **LARGE, context=context))
        for row in rows:
            ids = atlas.tokens[row["e"], : atlas.lengths[row["e"]]]
            before, after = row.get("far", ["", ""])
            line = {**row, **row.get("w", {})}
            whole = "".join(atlas.visible_tokens[id] for id in ids)
            assert before + "".join(line["t"]) + after == whole
            assert line["t"][line["k"]] == atlas.visible_tokens[ids[row["p"]]]
            assert len(line["t"]) == len(line["v"])
        assert any("far" in row for row in rows)
        assert any("w" in row for row in rows) == (context == "short")


def test_text_around_the_window_is_bounded(atlas, monkeypatch):
    """Of long examples only the text nearest to the window is sent, and marked as a part."""
    neuron, rows = atlas.neuron(NeuronRef(0, 0)), np.arange(17)
    whole = whole_examples.outside_windows(atlas, neuron, rows)
    monkeypatch.setattr(whole_examples, "MOST_OUTSIDE", 9)
    for (before, after), (short_before, short_after) in zip(
        whole, whole_examples.outside_windows(atlas, neuron, rows), strict=True
    ):
        assert before.endswith(short_before.removeprefix("…"))
        assert after.startswith(short_after.removesuffix("…"))
        assert short_before.startswith("…") == (len(before) > 9)
        assert max(map(len, (short_before, short_after))) <= 10
