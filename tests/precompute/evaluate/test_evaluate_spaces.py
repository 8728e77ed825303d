"""The comparison of spaces as a report: figures of the table, and a picture of them."""

from xml.etree import ElementTree

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.export.axes import ticks_within
from ne_core.export.boxes import boxes
from ne_core.export.svg.boxes import AREA, TOP, boxes_svg
from ne_core.method.comparison import BY, COMPARED
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from precompute.evaluate import Options, applicable_parts, evaluate
from tests.precompute.steps.test_spaces import comparison_of
from tests.support.hostile import copy_atlas, manifest_of, set_manifest

SVG = "{http://www.w3.org/2000/svg}"


def drawn(comparison, measure: str = "silhouette", by: str = "each", current=None) -> dict:
    return boxes(comparison, {0: "0", 2: "two <b>"}, COMPARED, measure, by, "Title & text", current)


def test_figures_are_means_of_the_table(tiny_atlas):
    report, comparison = dict(evaluate(tiny_atlas, ["spaces"]))["spaces"], Atlas.open(tiny_atlas).comparison
    figures = {figure.name: figure.value for figure in report.figures}
    silhouettes = comparison.values("silhouette", "each")
    assert figures["spaces_silhouette_of_each_in_neuron_planted"] == pytest.approx(silhouettes[:, 0].mean())
    assert figures["spaces_silhouette_of_each_neuron_over_pre_mlp_planted"] == pytest.approx(
        (silhouettes[:, 0] - silhouettes[:, 1]).mean()
    )
    shares = [figures[f"spaces_ratio_of_neuron_best_in_{space}_planted"] for space in COMPARED]
    assert sum(shares) == pytest.approx(1)
    assert shares == pytest.approx(comparison.wins("ratio", "neuron").mean(axis=0).tolist())
    low, high = (figures[f"spaces_ratio_of_each_standardised_over_neuron_{end}_planted"] for end in ("low", "high"))
    assert low <= figures["spaces_ratio_of_each_standardised_over_neuron_planted"] <= high


def test_command_prints_every_layer_for_each_clustering(tiny_atlas, capsys):
    assert main(["evaluate", str(tiny_atlas), "--only", "spaces"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    for by in BY[1:]:
        assert [row[1:3] for row in rows if row[:1] == [by]] == [["0", "3"], ["2", "1"], ["all", "4"]] * 2


def test_missing_table_gives_one_line(tiny_atlas, tmp_path, capsys):
    root = copy_atlas(tiny_atlas, tmp_path / "atlas")
    (root / "spaces.parquet").unlink()
    files = {name: entry for name, entry in manifest_of(root)["files"].items() if name != "spaces.parquet"}
    set_manifest(root, compared=False, files=files)
    assert "spaces" not in applicable_parts(Atlas.open(root), Options())
    assert "spaces" in applicable_parts(Atlas.open(tiny_atlas), Options())
    assert main(["evaluate", str(root), "--only", "spaces"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_boxes_show_quantiles_and_mark_a_neuron():
    values = np.zeros((101, 3, 3))
    values[:, 0, 0] = np.arange(101) / 100
    plot = drawn(comparison_of(values), current=NeuronRef(0, 7))
    first = plot["groups"][0]["boxes"][0]
    assert [first[end] for end in ("low", "q1", "median", "q3", "high")] == pytest.approx([0.05, 0.25, 0.5, 0.75, 0.95])
    assert (first["n"], first["mark"]) == (101, 0.07)
    assert "this neuron 0.07" in first["words"]
    assert plot["groups"][1]["boxes"] == []
    assert plot["y"]["low"] < 0 < 0.95 < plot["y"]["high"]
    assert all(plot["y"]["low"] <= value <= plot["y"]["high"] for value, _ in plot["y"]["ticks"])
    assert drawn(comparison_of(values))["groups"][0]["boxes"][0]["mark"] is None


def test_unknown_values_have_no_box():
    unknown = comparison_of(np.zeros((3, 3, 3)), intra=np.full((3, 3, 3), np.nan))
    plot = drawn(unknown, "ratio")
    assert all(not group["boxes"] for group in plot["groups"])
    assert ElementTree.fromstring(boxes_svg(plot)) is not None


def test_picture_has_a_box_for_each_layer_and_space(tiny_atlas):
    plot = drawn(Atlas.open(tiny_atlas).comparison)
    root = ElementTree.fromstring(boxes_svg(plot))
    rects = [each for each in root.iter(f"{SVG}rect") if each.get("class") == "box"]
    assert len(rects) == 2 * len(COMPARED)
    y, first = plot["y"], plot["groups"][0]["boxes"][0]
    y_of_q3 = TOP + AREA * (y["high"] - first["q3"]) / (y["high"] - y["low"])
    assert float(rects[0].get("y")) == pytest.approx(y_of_q3, abs=0.01)
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert {*COMPARED, "layer", "two <b>"} <= set(texts)
    assert root.find(f"{SVG}title").text == "Title & text"


def test_ticks_are_within_the_range():
    assert [label for _, label in ticks_within(-0.55, 1.0)] == ["−0.5", "0", "0.5", "1"]
    assert [value for value, _ in ticks_within(2.0, 2.0)] == [2]
