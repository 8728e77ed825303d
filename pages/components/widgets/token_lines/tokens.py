"""The examples of a feature or a branch, with activation and importance of every token, and their controls."""

import math
from collections.abc import Mapping
from dataclasses import replace

from ne_core.atlas import Atlas, Neuron
from ne_core.queries.maximum import maximum, percent
from pages.components.base.assets import component, drawn_key
from pages.components.url.links import atlas_query, page_href
from pages.components.url.neuron_view import View
from pages.components.url.reading import CONTEXTS, LONGEST, SORTS, baseline_names
from pages.components.widgets.example_selection import ExampleSelection
from pages.components.widgets.token_lines.example_lines import example_lines

TOKENS = component(
    __file__,
    "tokens",
    html='<header><h3></h3><span class="of"></span></header><p class="facts"></p>'
    '<div id="controls"><form id="bar" aria-label="Display of the examples"></form><span class="tools">'
    '<button id="values" type="button" aria-pressed="false">Values</button>'
    '<details id="copy"><summary>Copy</summary><div></div></details></span></div>'
    '<p id="count"><span role="status"></span> <a hidden></a></p>'
    '<textarea id="byhand" readonly hidden aria-label="Text to copy"></textarea><ol tabindex="0"></ol>'
    '<button id="whole" type="button" hidden></button><nav id="pages" aria-label="More examples"></nav>'
    '<div id="tip" role="tooltip"></div><div id="live" class="hidden" role="status" aria-live="polite"></div>',
    parts=("tokens_bar", "tokens_copy", "tokens_draw", "tokens_whole"),
)
N_VISIBLE = 20  # examples drawn visibly at first


def cluster_examples(
    atlas: Atlas,
    neuron: Neuron,
    selection: ExampleSelection,
    view: View,
    *,
    head: Mapping,
    count: str,
    land: Mapping | None,
) -> None:
    """Draw the selected examples. `head`: {title, number or None, colour, label, has_others, size, facts, back}.

    `count` is the line on their number. `land` = {of, what, cut}, after a link was followed, scrolls to them unless
    only the cut has moved.
    """
    names = atlas.manifest.baselines
    drawn = {
        "causal": atlas.manifest.causal,
        "images": atlas.manifest.images,
        "prompt": page_href("prompt", atlas_query(atlas)),
        "neuron": f"{neuron.ref.layer}.{neuron.ref.neuron}",
        "maximum": maximum(atlas, neuron.ref),
        "n_visible": N_VISIBLE,
        "first": view.reading.span(selection.n_passing).start,
        "head": head,
        "count": count,
        "baselines": list(names),
        "baseline": view.reading.baseline_number(names),
        "lines": example_lines(atlas, neuron, selection, view.reading),
    }
    controls = {"land": land, "values": view.reading.values, "bar": bar(atlas, neuron, view)}
    controls["pages"] = pages(atlas, selection, view)
    TOKENS(data={"key": drawn_key(drawn), **controls, **drawn}, key="examples")


def bar(atlas: Atlas, neuron: Neuron, view: View) -> dict:
    """Data of the controls: the options, each with its default first, and the address as ordered names and values."""
    share, names = percent(atlas, neuron), baseline_names(atlas.manifest.baselines)
    images = atlas.manifest.images
    return {
        "choices": {
            "sort": list(SORTS.items()),
            "context": [] if images else list(CONTEXTS.items()),
            "baseline": [(name, name) for name in names] if len(names) > 1 else [],
        },
        "holds": ["Label", "a class"] if images else ["Holds", "some words"],
        "source": atlas.manifest.documents and ["Source", f"begins with a {atlas.manifest.documents}"],
        "longest": LONGEST,
        "range": [math.floor(share.min()), math.ceil(share.max())],
        "order": ["atlas", *View.names()],
        "query": view.query(atlas),
        "all": replace(view, reading=view.reading.elsewhere()).query(atlas) if view.reading.filtered else None,
    }


def pages(atlas: Atlas, selection: ExampleSelection, view: View) -> list[dict]:
    """Links to the previous and the next page of examples."""
    current, last = view.reading.page, view.reading.pages(selection.n_passing)[-1]
    links = []
    for title, page in (("Previous", current - 1), ("Next", current + 1)):
        if 0 <= page <= last:
            reading = replace(view.reading, page=page)
            span = reading.span(selection.n_passing)
            href = replace(view, reading=reading).href(atlas)
            links.append({"text": f"{title}: {span.start} to {span.stop - 1}", "href": href})
    return links
