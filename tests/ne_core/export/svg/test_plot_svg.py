"""Tests of small plots as SVG: bars, spreads and line against the numbers of the atlas; hostile tokens as text."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.export.detail_frames import distance_frame, effects_frame
from ne_core.export.svg.plot import BARS, GROUND, plot_svg
from ne_core.method.logits import LogitEffects
from ne_core.queries.by_distance import distances
from ne_core.refs import NeuronRef
from ne_core.text.token_text import spelled
from pages.components.neuron.details.plots import LONGEST, activations_plot, effects_plot, importance_plot
from tests.support.planted import VOCAB

SVG = "{http://www.w3.org/2000/svg}"
REF = NeuronRef(0, 0)


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def elements(picture: ET.Element, tag: str, kind: str) -> list[ET.Element]:
    return [each for each in picture.iter(f"{SVG}{tag}") if each.get("class") == kind]


def labels(picture: ET.Element) -> list[str]:
    return ["".join(each.itertext()) for each in picture.iter(f"{SVG}text")]


def level(plot: dict, picture: ET.Element):
    """Return a function from a height in the picture to a value, fitted to the tick labels at the left."""
    texts = {text for _, text in plot["y"]["ticks"]}
    labelled = [each for each in picture.iter(f"{SVG}text") if each.get("text-anchor") == "end" and each.text in texts]
    heights, values = [float(each.get("y")) - 4 for each in labelled], [value for value, _ in plot["y"]["ticks"]]
    slope, intercept = np.polyfit(heights, values, 1)
    return lambda height: slope * float(height) + intercept


def test_bars_spreads_and_line_match_the_neuron(atlas):
    neuron = atlas.neuron(REF)
    selected, others = distances(neuron, np.flatnonzero(neuron.feature == 1), 0)
    plot = importance_plot(selected, others, "feature 1", "#ca5912", "neuron")
    picture = ET.fromstring(plot_svg(plot))
    value, known = level(plot, picture), np.flatnonzero(selected.count)[::-1]
    bars, spreads = elements(picture, "rect", "bar"), elements(picture, "line", "spread")
    assert len(bars) == len(spreads) == len(known) > 1
    for i, bar, spread in zip(known, bars, spreads, strict=True):
        top, size, mean = float(bar.get("y")), float(bar.get("height")), selected.mean[i]
        assert value(top if mean > 0 else top + size) == pytest.approx(mean, abs=1e-3)
        assert value(top + size if mean > 0 else top) == pytest.approx(0, abs=1e-3)
        assert value(spread.get("y2")) == pytest.approx(mean + selected.spread[i], abs=1e-3)
        assert bar.get("fill") == "#ca5912"
    points = [value(each.get("cy")) for each in picture.iter(f"{SVG}circle")]
    assert points == pytest.approx(others.mean[np.flatnonzero(others.count)[::-1]].tolist(), abs=1e-3)
    assert {"feature 1", "the neuron’s other examples", "tokens before the key token"} <= set(labels(picture))


def test_histogram_has_bars_and_marks(atlas):
    picture = ET.fromstring(plot_svg(activations_plot(atlas, REF)))
    bars = elements(picture, "rect", "bar")
    assert len(bars) == len(atlas.histogram(REF).counts)
    assert {each.get("fill") for each in bars} == {BARS}
    assert {"threshold 3.00", "maximum 4.00", "activation", "positions"} <= set(labels(picture))
    assert picture.find(f"{SVG}rect").get("fill") == GROUND


def test_hostile_tokens_are_text(atlas):
    tokens = range(len(VOCAB))
    effects = LogitEffects([(token, 1.0) for token in tokens], [(token, -1.0) for token in tokens])
    picture = ET.fromstring(plot_svg(effects_plot(atlas, effects, REF)))
    assert len(elements(picture, "rect", "bar")) == 2 * len(VOCAB)
    short = [name if len(name) <= LONGEST else name[: LONGEST - 1] + "…" for name in map(spelled, VOCAB)]
    assert any("<script>" in name for name in short)
    drawn = [each for each in labels(picture) if each in set(short)]
    assert drawn == short + short[::-1]
    assert {each.tag.removeprefix(SVG) for each in picture.iter()} == {"svg", "title", "rect", "line", "text"}


def test_labels_are_rotated_only_without_room(atlas):
    token = VOCAB.index(" cat")
    for n, rotated in ((1, 1), (40, 81)):  # the title at the left is always rotated
        plot = effects_plot(atlas, LogitEffects([(token, 1.0)] * n, [(token, -1.0)] * n), REF)
        assert plot_svg(plot).count("rotate(-90)") == rotated


def test_tables_match_the_plots(atlas):
    neuron = atlas.neuron(REF)
    pair = distances(neuron, np.flatnonzero(neuron.feature == 1), 0)
    frame = distance_frame(*pair)
    assert frame["distance"].tolist() == list(range(1, len(pair[0].count) + 1))
    for name, values in zip(("", "others_"), pair, strict=True):
        np.testing.assert_array_equal(frame[f"{name}mean"], values.mean)
        np.testing.assert_array_equal(frame[f"{name}standard_deviation"], values.spread)
        assert frame[f"{name}tokens"].tolist() == values.count.tolist()
    frame, effects = effects_frame(atlas, REF), atlas.logit_effects(REF)
    for side, expected in (("raised", effects.raised), ("lowered", effects.lowered)):
        rows = frame[frame["side"] == side]
        assert list(zip(rows["token_id"], np.float16(rows["effect"]), strict=True)) == expected
        assert rows["rank"].tolist() == list(range(len(expected)))
    assert frame["token"][0] == VOCAB[0]
