"""Colours of features: contrast with both themes, and difference under every common colour vision."""

import itertools

import numpy as np
import pytest

from ne_core.palette import FEATURES, OTHER, PAGE, feature_colour

# Machado, Oliveira, Fernandes 2009, severity 1, on linear RGB
VISION = {
    "normal": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
THEMES = ("light", "dark")


def linear(colour: str) -> np.ndarray:
    srgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    low, high = sorted(float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (a, b))
    return (high + 0.05) / (low + 0.05)


def oklab(rgb: np.ndarray) -> np.ndarray:
    to_cones = [[0.41222, 0.53633, 0.05145], [0.2119, 0.6807, 0.1074], [0.0883, 0.28172, 0.62998]]
    to_lab = [[0.21045, 0.79362, -0.00407], [1.978, -2.42859, 0.45059], [0.0259, 0.78277, -0.80868]]
    return np.array(to_lab) @ np.cbrt(np.maximum(np.array(to_cones) @ np.clip(rgb, 0, 1), 0))


@pytest.mark.parametrize("theme", THEMES)
def test_colours_have_contrast_with_the_page(theme):
    for colour in (*FEATURES, OTHER):
        assert contrast(getattr(colour, theme), getattr(PAGE, theme)) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", VISION)
def test_colours_differ_from_each_other(theme, vision):
    colours = [oklab(np.array(VISION[vision]) @ linear(getattr(colour, theme))) for colour in FEATURES]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(colours, 2)) > 0.1


def test_features_beyond_the_palette_have_one_colour():
    assert feature_colour(7) is FEATURES[7]
    assert feature_colour(8) is OTHER
    assert feature_colour(500) is OTHER
