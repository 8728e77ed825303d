"""Links from components: real addresses, so that the browser can open them anywhere; see `follow` in shared.js."""

from urllib.parse import urlencode

from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef, NeuronRef


def atlas_query(atlas: Atlas, query: dict[str, str] | None = None) -> dict[str, str]:
    """The part of a URL that names the atlas, and what follows it."""
    return {"atlas": atlas.slug, **(query or {})}


def neuron_href(atlas: Atlas, ref: NeuronRef | FeatureRef, **more: str) -> str:
    """The address of a neuron, or of a feature of one, from any page."""
    return f"neuron?{urlencode(atlas_query(atlas, {**ref.query(), **more}))}"


def in_space(atlas: Atlas, space: str) -> dict[str, str]:
    """What a link takes along so that similar features are those of this space."""
    return {} if space == atlas.manifest.default_space else {"space": space}


def page_href(page: str, query: dict[str, str]) -> str:
    """The address of a view of a page, which its query names in full."""
    return f"{page}?{urlencode(query)}"
