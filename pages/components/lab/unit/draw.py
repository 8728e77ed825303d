"""A canvas to draw on the current picture: its pixels are in the URL, and every stroke is a step of the history."""

from urllib.parse import urlencode

from ne_core.atlas import Atlas
from pages.components.base.assets import component, drawn_key
from pages.components.url.drawing import FULL, to_text
from pages.components.url.lab_view import View, picture

DRAW = component(
    __file__,
    "draw",
    html='<canvas id="sheet" tabindex="0" role="application"></canvas><div id="bar">'
    '<button id="pen" type="button">Pen</button><button id="eraser" type="button">Eraser</button>'
    '<button id="clear" type="button">Clear</button></div>'
    '<div id="live" class="hidden" role="status" aria-live="polite"></div>',
)


def show_canvas(atlas: Atlas, view: View) -> None:
    height, width = atlas.lab.shape
    drawn = {
        "pixels": to_text(picture(atlas, view)),
        "height": height,
        "width": width,
        "full": FULL,
        "href": f"sae_lab?{urlencode(view.to(drawn=None, unit=None, feature=None).query(atlas))}&drawn=",
        "label": f"The picture, {height} rows of {width} pixels. Draw with a pointer or a finger, or move "
        "with the arrow keys and press Space to switch a pixel on or off.",
    }
    DRAW(data={"key": drawn_key(drawn), **drawn}, key="lab_draw")
