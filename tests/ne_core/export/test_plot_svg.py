"""Small plots as pictures: bars, spreads and the line against the numbers of the atlas, and hostile tokens as text."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.export.detail_frames import distance_frame, effects_frame
from ne_core.export.plot_svg import BARS, GROUND, plot_svg
from ne_core.method.logits import LogitEffects
from ne_core.queries.by_distance import distances
from ne_core.refs import NeuronRef
from ne_core.text.token_text import spelled
from pages.components.neuron.detail_plots import LONGEST, activations_plot, effects_plot, importance_plot
from tests.support.planted import VOCAB

SVG = "{http://www.w3.org/2000/svg}"
REF = NeuronRef(0, 0)


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


def of(picture: ET.Element, tag: str, kind: str) -> list[ET.Element]:
    return [each for each in picture.iter(f"{SVG}{tag}") if each.get("class") == kind]


def said(picture: ET.Element) -> list[str]:
    return ["".join(each.itertext()) for each in picture.iter(f"{SVG}text")]


def level(plot: dict, picture: ET.Element):
    """A height in the picture as a value, read off the texts at the left."""
    texts = {text for _, text in plot["y"]["ticks"]}
    found = [each for each in picture.iter(f"{SVG}text") if each.get("text-anchor") == "end" and each.text in texts]
    heights, values = [float(each.get("y")) - 4 for each in found], [value for value, _ in plot["y"]["ticks"]]
    slope, at_zero = np.polyfit(heights, values, 1)
    return lambda height: slope * float(height) + at_zero


def test_bars_spreads_and_line_have_the_values_of_the_neuron(atlas):
    neuron = atlas.neuron(REF)
    here, others = distances(neuron, np.flatnonzero(neuron.feature == 1), 0)
    plot = importance_plot(here, others, "feature 1", "#ca5912", "neuron")
    picture = ET.fromstring(plot_svg(plot))
    value, known = level(plot, picture), np.flatnonzero(here.count)[::-1]
    bars, spreads = of(picture, "rect", "bar"), of(picture, "line", "spread")
    assert len(bars) == len(spreads) == len(known) > 1
    for i, bar, spread in zip(known, bars, spreads, strict=True):
        top, size, mean = float(bar.get("y")), float(bar.get("height")), here.mean[i]
        assert value(top if mean > 0 else top + size) == pytest.approx(mean, abs=1e-3)
        assert value(top + size if mean > 0 else top) == pytest.approx(0, abs=1e-3)
        assert value(spread.get("y2")) == pytest.approx(mean + here.spread[i], abs=1e-3)
        assert bar.get("fill") == "#ca5912"
    points = [value(each.get("cy")) for each in picture.iter(f"{SVG}circle")]
    assert points == pytest.approx(others.mean[np.flatnonzero(others.count)[::-1]].tolist(), abs=1e-3)
    assert {"feature 1", "the neuron’s other examples", "tokens before the key token"} <= set(said(picture))


def test_the_histogram_has_a_bar_for_every_bin_and_its_marks(atlas):
    picture = ET.fromstring(plot_svg(activations_plot(atlas, REF)))
    bars = of(picture, "rect", "bar")
    assert len(bars) == len(atlas.histogram(REF).counts)
    assert {each.get("fill") for each in bars} == {BARS}
    assert {"kept from 3.00", "maximum 4.00", "activation", "positions"} <= set(said(picture))
    assert picture.find(f"{SVG}rect").get("fill") == GROUND


def test_hostile_tokens_are_text(atlas):
    tokens = range(len(VOCAB))
    effects = LogitEffects([(token, 1.0) for token in tokens], [(token, -1.0) for token in tokens])
    picture = ET.fromstring(plot_svg(effects_plot(atlas, effects, REF)))
    assert len(of(picture, "rect", "bar")) == 2 * len(VOCAB)
    short = [name if len(name) <= LONGEST else name[: LONGEST - 1] + "…" for name in map(spelled, VOCAB)]
    assert any("<script>" in name for name in short)
    shown = [each for each in said(picture) if each in set(short)]
    assert shown == short + short[::-1]
    assert {each.tag.removeprefix(SVG) for each in picture.iter()} == {"svg", "title", "rect", "line", "text"}


def test_texts_that_have_room_stand_upright(atlas):
    token = VOCAB.index(" cat")
    for n, turned in ((1, 1), (40, 81)):  # the title at the left is always turned
        plot = effects_plot(atlas, LogitEffects([(token, 1.0)] * n, [(token, -1.0)] * n), REF)
        assert plot_svg(plot).count("rotate(-90)") == turned


def test_the_tables_hold_what_is_drawn(atlas):
    neuron = atlas.neuron(REF)
    both = distances(neuron, np.flatnonzero(neuron.feature == 1), 0)
    frame = distance_frame(*both)
    assert frame["distance"].tolist() == list(range(1, len(both[0].count) + 1))
    for name, values in zip(("", "others_"), both, strict=True):
        np.testing.assert_array_equal(frame[f"{name}mean"], values.mean)
        np.testing.assert_array_equal(frame[f"{name}standard_deviation"], values.spread)
        assert frame[f"{name}tokens"].tolist() == values.count.tolist()
    frame, effects = effects_frame(atlas, REF), atlas.logit_effects(REF)
    for side, found in (("raised", effects.raised), ("lowered", effects.lowered)):
        rows = frame[frame["side"] == side]
        assert list(zip(rows["token_id"], np.float16(rows["effect"]), strict=True)) == found
        assert rows["rank"].tolist() == list(range(len(found)))
    assert frame["token"][0] == VOCAB[0]
