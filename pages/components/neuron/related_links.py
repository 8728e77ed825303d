"""From one feature to others: all that are like it, its trail over the layers, its place in the lab."""

from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef
from pages.components.shell.nav import pages_of
from pages.components.url.across_layers_view import trail_href
from pages.components.url.lab_view import lab_href
from pages.components.url.search_view import more_like
from pages.components.widgets.chips import Chip, chips


def ways_on(atlas: Atlas, ref: FeatureRef, space: str) -> None:
    """`ref` is a feature of the atlas's cut."""
    shown = [Chip("More like this", more_like(atlas, ref, space))]
    if "across_layers" in pages_of(atlas):
        shown.append(Chip("Follow across layers", trail_href(atlas, ref, space)))
    if in_lab := lab_href(atlas, ref):
        shown.append(Chip("In the SAE lab", in_lab))
    chips(shown, name="ways_on", label=f"From feature {ref.feature}")
