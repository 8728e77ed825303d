"""The text as tokens, with a cell above each for the number of neurons of every layer that fire; a click picks one."""

import numpy as np

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_marks
from ne_core.live.answers import TextRead
from pages.components.base.assets import component, drawn_key
from pages.components.url.prompt_view import View

STRIP = component(
    __file__,
    "strip",
    html='<div id="text" tabindex="0" role="group"></div><div id="scale"></div>'
    '<div id="tip" role="tooltip"></div><div id="live" class="hidden" role="status" aria-live="polite"></div>',
)


def strip(atlas: Atlas, view: View, read: TextRead) -> None:
    """Draw the tokens and their cells, the first layer at the bottom; a stronger colour means more firing neurons."""
    drawn = {
        "tokens": [atlas.visible_tokens[id] for id in read.tokens.tolist()],
        "counted": read.counted.tolist(),
        "layers": read.layers.tolist(),
        "marks": layer_marks(atlas.manifest),
        "active": read.n_active.tolist(),
        "most": int(read.n_active.max(initial=0)),
        "units": atlas.manifest.vocabulary.units,
        "share": view.share,
        "expected": expected(read),
        "query": view.to(pos=None, layer=None).query(atlas),
    }
    pick = {"pos": view.pos, "layer": view.layer}
    STRIP(data={"key": drawn_key(drawn), "pick": pick, **drawn}, key="strip")


def expected(read: TextRead) -> list[float | None]:
    """Probability of each token given those before it, to four digits; None without a prediction."""
    with np.errstate(invalid="ignore"):
        shares = np.exp(read.log_probability.astype(np.float64)).round(4)
    return [None if np.isnan(share) else share for share in shares.tolist()]
