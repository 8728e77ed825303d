"""The examples of a feature or a branch in full: activation and importance of every token."""

from ne_core.atlas import Atlas, Neuron
from pages.components.assets import component, drawn_key
from pages.components.lines import lines, maximum

TOKENS = component(
    "tokens",
    html='<header><h3></h3><span class="of"></span><span class="tools">'
    '<button id="values" type="button" aria-pressed="false">Values</button></span></header>'
    '<p class="facts"></p><ol tabindex="0"></ol><button id="more" type="button" hidden></button>'
    '<div id="tip" role="tooltip"></div><div id="live" class="hidden" role="status" aria-live="polite"></div>',
)
SHOWN = 20


def cluster_examples(atlas: Atlas, neuron: Neuron, rows, *, head: dict, land: dict | None) -> None:
    """Draw the examples `rows` of a neuron. `head`: {title, number or None, colour, label, more, facts, back}.

    `land` = {of, what, cut} brings them onto the screen, unless only the cut has moved: a link led here.
    """
    head = {**head, "size": f"{len(rows)} of {neuron.ref}’s {len(neuron)} examples"}
    drawn = {
        "causal": atlas.manifest.causal,
        "maximum": maximum(atlas, neuron.ref),
        "shown": SHOWN,
        "head": head,
        "lines": [
            {**line, "aside": f"{neuron.activation[row]:.2f}"}
            for line, row in zip(lines(atlas, neuron, rows), rows, strict=True)
        ],
    }
    TOKENS(data={"key": drawn_key(drawn), "land": land, **drawn}, key="examples")
