"""Addresses of links in components: real ones, which the browser can open in a new tab (`follow` in shared.js)."""

from urllib.parse import urlencode

from ne_core.atlas import Atlas
from ne_core.refs import FeatureRef, NeuronRef


def atlas_query(atlas: Atlas, query: dict[str, str] | None = None) -> dict[str, str]:
    """Query with the name of the atlas first."""
    return {"atlas": atlas.slug, **(query or {})}


def neuron_href(atlas: Atlas, ref: NeuronRef | FeatureRef, **parameters: str) -> str:
    """Address of a neuron or of a feature, relative to any page."""
    return f"neuron?{urlencode(atlas_query(atlas, {**ref.query(), **parameters}))}"


def in_space(atlas: Atlas, space: str) -> dict[str, str]:
    """Parameter of a link by which similar features are those of this space; empty for the default."""
    return {} if space == atlas.manifest.default_space else {"space": space}


def page_href(page: str, query: dict[str, str]) -> str:
    """Address of a view of a page, from its complete query."""
    return f"{page}?{urlencode(query)}"
