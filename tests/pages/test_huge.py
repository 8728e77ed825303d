"""A neuron with the maximum number of examples: the page stays small, and names what it leaves out."""

import pytest

from tests.support.apptest import open_app, payloads, rows_of, url
from tests.support.huge import MAX_ROWS, use_huge_neuron

LARGEST = 1_500_000  # bytes of one page


@pytest.fixture
def huge(tiny_atlas, monkeypatch):
    use_huge_neuron(monkeypatch)
    return lambda **query: open_app(tiny_atlas.parent, "neuron", monkeypatch, layer="0", neuron="0", **query)


def captions(app) -> str:
    return " ".join(each.value for each in app.caption)


def sent(app) -> int:
    return sum(len(each.proto.bytes) for each in app.get("bidi_component"))


@pytest.mark.parametrize("cut", [0.5, 0.0])
def test_page_stays_small(cut, huge):
    app = huge(cut=f"{cut:g}", feature="0", sort="near", holds="river")
    assert not app.error
    assert sent(app) < LARGEST
    assert f"This neuron has {MAX_ROWS:,} examples." in captions(app)
    assert not [each for each in payloads(app) if "branches" in each]


def test_unlisted_feature_opens_by_its_number(huge):
    app = huge(cut="0.1", feature="5000")
    numbers = [row["number"] for row in rows_of(app, "Features of")]
    assert numbers == [*range(200), 5000]
    assert "are not listed" in captions(app)
    assert next(each for each in payloads(app) if "lines" in each)["head"]["number"] == 5000


def test_examples_are_in_pages_of_a_hundred(huge):
    app = huge(branch=str(MAX_ROWS - 2), page="327")
    examples = next(each for each in payloads(app) if "lines" in each)
    assert len(examples["lines"]) == MAX_ROWS % 100
    shown = f"32,700 to {MAX_ROWS - 1:,} of {MAX_ROWS:,} shown. 66 near duplicates are folded"
    assert examples["count"].partition(":")[0] == shown


def test_cut_is_set_as_a_number(huge):
    app = huge(feature="1")
    app.number_input(key="_cut").set_value(0.95).run()
    assert url(app) == {"atlas": "planted", "layer": "0", "neuron": "0", "cut": "0.95"}
    assert len(rows_of(app, "Features of")) == 1
