"""Axes of small figures: their ends include the values, and ticks are on whole steps."""

import math

import pytest

from pages.components.widgets.plots.plot_axes import count_axis, level_axis, log_count, value_axis


@pytest.mark.parametrize(
    ("low", "high", "ends", "texts"),
    [
        (-0.13, 0.41, (-0.2, 0.5), ["−0.2", "−0.1", "0", "0.1", "0.2", "0.3", "0.4", "0.5"]),
        (0.2, 0.9, (0, 1), ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (-3.0, -1.0, (-3, 0), ["−3", "−2.5", "−2", "−1.5", "−1", "−0.5", "0"]),
        (0.0, 0.0, (0, 0.2), ["0", "0.2"]),
    ],
)
def test_levels_by_hand(low, high, ends, texts):
    axis = level_axis(low, high, "share")
    assert (axis.low, axis.high) == pytest.approx(ends)
    assert [text for _, text in axis.ticks] == texts


def test_values_by_hand():
    axis = value_axis(-0.17, 4.4, "activation")
    assert (axis.low, axis.high) == (-0.17, 4.4)
    assert axis.ticks == [(k, str(k)) for k in range(5)]
    assert value_axis(2, 2, "activation").high == 3  # a neuron that never moves


def test_count_axis_is_logarithmic_and_shows_one():
    axis = count_axis(2500, "positions")
    assert axis.ticks == [
        (math.log10(1 + n), text) for n, text in ((1, "1"), (10, "10"), (100, "100"), (1000, "1,000"))
    ]
    assert log_count(0) == axis.low == 0 < log_count(1)
    assert axis.high >= log_count(2500)
    assert count_axis(0, "positions").high > 0
