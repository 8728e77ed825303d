"""One feature's examples in full: activation and importance of every token."""

from ne_core.atlas import Atlas, Neuron
from ne_core.palette import feature_colour
from pages.components.assets import component, drawn_key
from pages.components.labels import label
from pages.components.lines import lines, maximum

TOKENS = component(
    "tokens",
    html='<header><h3></h3><span class="of"></span><span class="tools">'
    '<button id="values" type="button" aria-pressed="false">Values</button></span></header>'
    '<p class="facts"></p><ol tabindex="0"></ol><button id="more" type="button" hidden></button>'
    '<div id="tip" role="tooltip"></div><div id="live" class="hidden" role="status" aria-live="polite"></div>',
)
SHOWN = 20


def feature_examples(atlas: Atlas, neuron: Neuron, id: int, rows, *, facts: str, land: bool) -> None:
    """Draw the examples `rows` of the feature in row `id`. `land` brings them onto the screen: a link led here."""
    ref = atlas.feature_ref(id)
    head = {
        "number": ref.feature,
        "colour": feature_colour(ref.feature).css,
        "size": f"{len(rows)} of {ref.of}’s {len(neuron)} examples",
        "facts": facts,
        **label(atlas, id).data(),
    }
    drawn = {
        "causal": atlas.manifest.causal,
        "maximum": maximum(atlas, ref.of),
        "shown": SHOWN,
        "head": head,
        "lines": [
            {**line, "aside": f"{neuron.activation[row]:.2f}"}
            for line, row in zip(lines(atlas, neuron, rows), rows, strict=True)
        ],
    }
    TOKENS(data={"key": drawn_key(drawn), "land": str(ref) if land else None, **drawn}, key="examples")
