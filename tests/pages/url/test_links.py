"""Links between pages keep the settings that their numbers depend on: the space of similar features, and the cut."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.lab.unit_features import unit_features
from ne_core.lab.units import latent
from tests.support.apptest import open_app, payloads, rows_of
from tests.support.planted_lab import BOTH, NE

TO_SPACE = ("neuron", "across_layers")  # pages with similar features; so is a search for features like one
VIEWS = {
    "neuron": {"layer": "0", "neuron": "2", "feature": "1", "cut": "0.3", "baseline": "mean-embedding"},
    "search": {"like": "0.0.0"},
    "across_layers": {"layer": "0", "neuron": "0", "feature": "0", "least": "0.9"},
}
EXCLUDED = ("Trails worth following",)  # always in the atlas's default space
EXCLUDED += ("Number of features by cut.",)  # a link to every cut


def addresses(value: object) -> Iterator[str]:
    """Every address in the data of components."""
    if isinstance(value, dict):
        if value.get("label") not in EXCLUDED:
            for name, each in value.items():
                yield from [each] if name in ("href", "root") and isinstance(each, str) else addresses(each)
    elif isinstance(value, list | tuple):
        pair = len(value) == 2 and all(isinstance(each, str) for each in value)
        yield from [value[1]] if pair and "?" in value[1] else (a for each in value for a in addresses(each))


def links(app) -> list[tuple[str, dict[str, str]]]:
    """Pages that a view links to, with their query parameters."""
    parts = [urlsplit(each) for each in addresses(payloads(app))]
    parts += [urlsplit(f"{each.proto.page}?{each.proto.query_string}") for each in app.main.get("page_link")]
    return [(each.path, {name: values[0] for name, values in parse_qs(each.query).items()}) for each in parts]


@pytest.mark.parametrize("page", VIEWS)
def test_links_keep_the_space(page: str, tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, page, monkeypatch, space="pre_mlp", **VIEWS[page])
    with_space = [(to, query) for to, query in links(app) if to in TO_SPACE or "like" in query]
    assert len(with_space) > 3
    assert [link for link in with_space if link[1].get("space") != "pre_mlp"] == []


def test_links_within_a_neuron_keep_cut_and_baseline(tiny_atlas, monkeypatch):
    app = open_app(tiny_atlas.parent, "neuron", monkeypatch, **VIEWS["neuron"])
    same_neuron = [
        query for to, query in links(app) if to == "neuron" and (query["layer"], query["neuron"]) == ("0", "2")
    ]
    assert same_neuron
    assert {query["cut"] for query in same_neuron} == {"0.3"}
    others = [query for to, query in links(app) if to == "neuron"]
    assert {query["baseline"] for query in others} == {"mean-embedding"}


@pytest.mark.parametrize("share", [0.4, 1.0])
def test_lab_links_to_a_neuron_with_the_same_number_of_features(share: float, lab_atlas, monkeypatch):
    """Compare at a cut with many features, and one with a single feature."""
    unit = unit_features(latent(Atlas.open(lab_atlas).lab, NE, BOTH))
    cut = round(float(np.quantile(unit.tree[:, 2], share)), 4) + 0.0001
    lab = open_app(lab_atlas.parent, "sae_lab", monkeypatch, cut=f"{cut:g}", run=str(NE), unit=str(BOTH))
    [query] = [query for _, query in links(lab) if "layer" in query]
    app = open_app(lab_atlas.parent, "neuron", monkeypatch, **query)
    assert len(rows_of(app, "Features of this latent")) == unit.measures(cut).n_features
