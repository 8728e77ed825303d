"""Links from a feature to similar ones, its trail across layers, its central example as a prompt, and the SAE lab."""

from ne_core.atlas import Atlas
from ne_core.queries.example_text import central_place
from ne_core.refs import FeatureRef
from pages.components.shell.nav import pages_of
from pages.components.url.across_layers_view import trail_href
from pages.components.url.lab_view import lab_href
from pages.components.url.prompt_view import example_href
from pages.components.url.search_view import more_like
from pages.components.widgets.chips import Chip, chips


def related_links(atlas: Atlas, ref: FeatureRef, space: str) -> None:
    """Show the links of a feature of the atlas's cut."""
    links = [Chip("More like this", more_like(atlas, ref, space))]
    if "across_layers" in pages_of(atlas):
        links.append(Chip("Follow across layers", trail_href(atlas, ref, space)))
    if not atlas.manifest.images:
        central = central_place(atlas, atlas.feature_id(ref))
        links.append(Chip("Central example as a prompt", example_href(atlas, *central)))
    if lab := lab_href(atlas, ref):
        links.append(Chip("In the SAE lab", lab))
    chips(links, name="related_links", label=f"From feature {ref.feature}")
