"""The examples of a feature or a branch in full, activation and importance of every token, and how they are read."""

import math
from collections.abc import Mapping
from dataclasses import replace

from ne_core.atlas import Atlas, Neuron
from ne_core.queries.maximum import maximum, percent
from pages.components.base.assets import component, drawn_key
from pages.components.url.neuron_view import View
from pages.components.url.reading import CONTEXTS, LONGEST, SORTS, baseline_names
from pages.components.widgets.example_selection import Chosen
from pages.components.widgets.token_lines.example_lines import example_lines

TOKENS = component(
    __file__,
    "tokens",
    html='<header><h3></h3><span class="of"></span><span class="tools">'
    '<button id="values" type="button" aria-pressed="false">Values</button>'
    '<details id="copy"><summary>Copy</summary><div></div></details></span></header>'
    '<p class="facts"></p><form id="bar" aria-label="How the examples are read"></form>'
    '<p id="count"><span role="status"></span> <a hidden></a></p>'
    '<textarea id="byhand" readonly hidden aria-label="To copy"></textarea><ol tabindex="0"></ol>'
    '<nav id="pages" aria-label="More examples"></nav>'
    '<div id="tip" role="tooltip"></div><div id="live" class="hidden" role="status" aria-live="polite"></div>',
    parts=("tokens_bar", "tokens_copy", "tokens_draw"),
)
SHOWN = 20


def cluster_examples(
    atlas: Atlas, neuron: Neuron, found: Chosen, view: View, *, head: Mapping, count: str, land: Mapping | None
) -> None:
    """Draw the examples that were found. `head`: {title, number or None, colour, label, more, size, facts, back}.

    `count` says how many they are. `land` = {of, what, cut} brings them onto the screen, unless only the cut has
    moved: a link led here.
    """
    names = atlas.manifest.baselines
    drawn = {
        "causal": atlas.manifest.causal,
        "images": atlas.manifest.images,
        "maximum": maximum(atlas, neuron.ref),
        "shown": SHOWN,
        "first": view.reading.span(found.n_found).start,
        "head": head,
        "count": count,
        "baselines": list(names),
        "baseline": view.reading.baseline_number(names),
        "lines": example_lines(atlas, neuron, found, view.reading),
    }
    beside = {"land": land, "values": view.reading.values, "bar": bar(atlas, neuron, view)}
    beside["pages"] = pages(atlas, found, view)
    TOKENS(data={"key": drawn_key(drawn), **beside, **drawn}, key="examples")


def bar(atlas: Atlas, neuron: Neuron, view: View) -> dict:
    """The controls: what can be chosen, the first of each being usual, and the address as names and values in order."""
    share, names = percent(atlas, neuron), baseline_names(atlas.manifest.baselines)
    images = atlas.manifest.images
    return {
        "choices": {
            "sort": list(SORTS.items()),
            "context": [] if images else list(CONTEXTS.items()),
            "baseline": [(name, name) for name in names] if len(names) > 1 else [],
        },
        "holds": ["Label", "a class"] if images else ["Holds", "some text"],
        "longest": LONGEST,
        "range": [math.floor(share.min()), math.ceil(share.max())],
        "order": ["atlas", *View.names()],
        "query": view.query(atlas),
        "all": replace(view, reading=view.reading.elsewhere()).query(atlas) if view.reading.filtered else None,
    }


def pages(atlas: Atlas, found: Chosen, view: View) -> list[dict]:
    """Links to the examples before and after those on this page."""
    here, last = view.reading.page, view.reading.pages(found.n_found)[-1]
    beside = {"Previous": here - 1, "Next": here + 1}
    readings = {title: replace(view.reading, page=page) for title, page in beside.items() if 0 <= page <= last}
    return [
        {
            "text": f"{title}: {reading.span(found.n_found).start} to {reading.span(found.n_found).stop - 1}",
            "href": replace(view, reading=reading).href(atlas),
        }
        for title, reading in readings.items()
    ]
