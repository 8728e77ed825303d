"""Maps of one unit of the lab, with their explanation."""

import numpy as np
import streamlit as st

from ne_core.atlas import Atlas
from ne_core.lab.maps import PixelExtremes, average_example, importance_map
from ne_core.lab.units import Unit
from pages.components.cached.lab_data import UnitId, alone_of
from pages.components.lab.unit.maps import PixelMap, draw_maps
from pages.components.text.lab_words import written
from pages.components.url.lab_view import View, picture


def show_maps(atlas: Atlas, view: View, unit_id: UnitId, unit: Unit) -> None:
    """Show four maps. All but the average example have the same scale."""
    lab, alone = atlas.lab, alone_of(atlas, unit_id.run, unit_id.number)
    average, pixels = average_example(lab.x[unit.examples]), picture(atlas, view)
    change = alone.change
    most = float(np.abs(change).max())
    caption = f"mean of its {len(unit.examples)} activating images" if len(unit.examples) else "none activates it"
    maps = [
        PixelMap("Activation map", "largest effect of each pixel alone", "pre-activation", change, most, True),
        PixelMap("Average example", caption, "brightness", average, 1.0, False),
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
            importance_map(change, pixels),
            most,
            True,
        ),
    ]
    draw_maps(maps, lab.shape)
    st.caption(maps_words(alone, unit_id))


def maps_words(alone: PixelExtremes, unit_id: UnitId) -> str:
    fire = int((alone.activation > 0).sum())
    method = (
        "its weight, since it reads the pixels directly"
        if unit_id.run is None
        else "exact, since the pre-activation is piecewise linear in one pixel, and every point at which a hidden "
        "neuron switches is evaluated"
    )
    most = written(float(alone.activation.max()), ".2f")
    fires = f"{fire} pixels can each activate it, at most to {most}" if fire else "no single pixel activates it"
    if alone.dark > 0:
        fires = f"it is also active on a black image, and one pixel can raise it to {most}"
    return (
        "Activation map: the largest change of the pre-activation that one pixel can cause, over its values from 0 "
        f"to 1, on a black image (where it is {written(alone.dark, '.2f')}): {method}. Orange raises, blue lowers; "
        f"{fires}. Interactions between pixels are not included."
    )
