"""From one feature to others: all that are like it, and its trail over the layers."""

from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef
from pages.components.chips import Chip, chips
from pages.components.find_location import more_like
from pages.components.nav import pages_of
from pages.components.trail_location import trail_href


def ways_on(atlas: Atlas, ref: FeatureRef, space: str) -> None:
    """`ref` is a feature of the atlas's cut."""
    shown = [Chip("More like this", more_like(atlas, ref, space))]
    if "trail" in pages_of(atlas):
        shown.append(Chip("Follow across layers", trail_href(atlas, ref, space)))
    chips(shown, name="ways_on", label=f"From feature {ref.feature}")
