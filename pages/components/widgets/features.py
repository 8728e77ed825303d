"""Features as rows with their label, size and one example; every row is a link."""

from collections.abc import Sequence

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.palette import feature_colour
from ne_core.queries.maximum import maximum
from pages.components.base.assets import component, drawn_key
from pages.components.text.labels import label
from pages.components.url.links import neuron_href
from pages.components.widgets.token_lines.lines import central_line

FEATURES = component(
    __file__,
    "features",
    html='<div id="rows"><ul></ul></div><button id="more" type="button" hidden></button>'
    '<div id="tip" role="tooltip"></div>',
)


def feature_rows(rows: Sequence[dict], *, of: Atlas, name: str, label: str, shown: int, narrow: bool = False):
    """Draw rows made by `feature_row`. `name` tells this list from others on the page, `label` says what it is."""
    drawn = [{**row, "current": False} for row in rows]
    data = {
        "key": drawn_key(drawn),
        "label": label,
        "narrow": narrow,
        "shown": shown,
        "causal": of.manifest.causal,
        "rows": list(rows),
    }
    FEATURES(data=data, key=name)


def feature_row(atlas: Atlas, id: int, *, before: int = 10, after: int = 6, named: bool = False, **changes) -> dict:
    """One feature. `named` says whose it is, for lists over many neurons; `changes` replaces what it shows.

    `also` are further links of the row, as (text, address).
    """
    ref = atlas.feature_ref(id)
    line, full = central_line(atlas, id, before, after) if "line" not in changes else (None, maximum(atlas, ref.of))
    size = int(atlas.features["size"][id])
    told = {
        "href": neuron_href(atlas, ref),
        **label(atlas, id).data(),
        "name": ref_name(atlas.manifest, ref.of) if named else None,
        "meta": f"{size} example{'s' * (size != 1)}",
        "line": line,
        "maximum": full,
    }
    return numbered_row(ref.feature, **(told | changes))


def numbered_row(feature: int, **told) -> dict:
    """A row of the feature of this number: its colour, what is `told` of it, and nothing where nothing is."""
    missing = {"name": None, "share": None, "why": None, "current": False, "also": []}
    return {"number": feature, "colour": feature_colour(feature).css, **missing, **told}
