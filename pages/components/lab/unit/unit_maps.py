"""The maps of one unit of the lab, with what they mean."""

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas
from ne_core.lab.maps import PixelExtremes, average_example, importance_map
from ne_core.lab.units import Unit
from pages.components.cached.lab_data import UnitId, alone_of
from pages.components.lab.unit.lab_maps import PixelMap, lab_maps
from pages.components.text.lab_words import written
from pages.components.url.lab_view import View, picture


def show_maps(atlas: Atlas, view: View, which: UnitId, unit: Unit) -> None:
    """Activation, importance and this picture's share have one scale; the average example has its own."""
    lab, alone = atlas.lab, alone_of(atlas, which.run, which.number)
    average, now = average_example(lab.x[unit.examples]), picture(atlas, view)
    change = alone.change
    most = float(np.abs(change).max())
    seen = f"mean of its {len(unit.examples)} activating images" if len(unit.examples) else "none activates it"
    shown = [
        PixelMap("Activation map", "what each pixel can do to it alone", "pre-activation", change, most, True),
        PixelMap("Average example", seen, "brightness", average, 1.0, False),
        PixelMap(
            "Importance map",
            "activation map × average example",
            "pre-activation",
            importance_map(change, average),
            most,
            True,
        ),
        PixelMap(
            "On this picture",
            "activation map × the picture above",
            "pre-activation",
            importance_map(change, now),
            most,
            True,
        ),
    ]
    lab_maps(shown, lab.shape)
    st.caption(maps_words(alone, which))


def maps_words(alone: PixelExtremes, which: UnitId) -> str:
    fire = int((alone.activation > 0).sum())
    how = (
        "its weight, since it reads the pixels"
        if which.run is None
        else "exact, since the way from one pixel through the hidden layer is linear between the points where a hidden "
        "neuron comes on, and all of those are looked at"
    )
    most = written(float(alone.activation.max()), ".2f")
    fires = f"{fire} pixels can activate it alone, at most to {most}" if fire else "no pixel alone activates it"
    if alone.dark > 0:
        fires = f"it is active on a dark image too, and one pixel can bring it to {most}"
    return (
        "Activation map: the largest change of the pre-activation that a pixel can make alone, over its values from 0 "
        f"to 1, on a dark image (where it is {written(alone.dark, '.2f')}): {how}. Orange raises, blue lowers; {fires}."
        " What pixels do only together is not in it."
    )
