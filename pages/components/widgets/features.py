"""A list of features, each with its label, size and one example; every row is a link."""

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
    parts=("storage",),
)


def feature_rows(
    rows: Sequence[dict],
    *,
    atlas: Atlas,
    name: str,
    label: str,
    n_visible: int,
    narrow: bool = False,
    judged: dict | None = None,
) -> None:
    """Draw rows made by `feature_row`, the first `n_visible` of them until the reader asks for all.

    `name` is unique on the page; `label` is for screen readers. `judged` = {atlas, layer, neuron, embedding, cut}, the
    last two None for the atlas's, shows the visitor's verdicts on features of this neuron; each row then has the place
    of its centre as `at`.
    """
    drawn = [{**row, "current": False} for row in rows]
    data = {
        "key": drawn_key(drawn),
        "label": label,
        "narrow": narrow,
        "n_visible": n_visible,
        "causal": atlas.manifest.causal,
        "rows": list(rows),
        "judged": judged,
    }
    FEATURES(data=data, key=name)


def feature_row(atlas: Atlas, id: int, *, before: int = 10, after: int = 6, named: bool = False, **changes) -> dict:
    """Row of a feature. `named` adds its neuron, for lists over many neurons; `changes` replaces parts of the row.

    `also`, among the changes, are further links as (text, address).
    """
    ref = atlas.feature_ref(id)
    line, full = central_line(atlas, id, before, after) if "line" not in changes else (None, maximum(atlas, ref.of))
    size = int(atlas.features["size"][id])
    attributes = {
        "href": neuron_href(atlas, ref),
        **label(atlas, id).data(),
        "name": ref_name(atlas.manifest, ref.of) if named else None,
        "meta": f"{size} example{'s' * (size != 1)}",
        "line": line,
        "maximum": full,
    }
    return numbered_row(ref.feature, **(attributes | changes))


def numbered_row(feature: int, **attributes) -> dict:
    """Row of the feature of this number: its colour, the given attributes, and empty ones for the rest."""
    empty = {"name": None, "share": None, "why": None, "current": False, "also": []}
    return {"number": feature, "colour": feature_colour(feature).css, **empty, **attributes}
