"""Maps over the pixels side by side, each with its scale."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float

from pages.components.base.assets import component, drawn_key

MAPS = component(__file__, "maps", html='<div id="maps"></div><div id="tip" role="tooltip"></div>')


@dataclass(frozen=True)
class PixelMap:
    """A map with its caption `words`. Signed maps range from −most to most, others from 0 to most, in `unit`."""

    title: str
    words: str
    unit: str
    values: Float[np.ndarray, " d_pixels"]
    most: float
    signed: bool


def draw_maps(maps: Sequence[PixelMap], shape: tuple[int, int]) -> None:
    drawn = {
        "height": shape[0],
        "width": shape[1],
        "maps": [
            asdict(each)
            | {"values": np.round(each.values.astype(np.float64), 4).tolist(), "most": float(each.most) or 1.0}
            for each in maps
        ],
    }
    MAPS(data={"key": drawn_key(drawn), **drawn}, key="lab_maps")
