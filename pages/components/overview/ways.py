"""The ways on from Overview, as large tiles."""

from ne_core.atlas import Atlas
from pages.components.overview.tiles import tile, tiles
from pages.components.shell import atlas_sources
from pages.components.url.links import atlas_query, page_href


def ways_on(atlas: Atlas) -> None:
    words = atlas.manifest.vocabulary
    ways = [
        tile(f"Rank all {words.units}", here(atlas, "ranking"), text=f"Every {words.unit} by its features."),
        search(atlas),
    ]
    if lab := lab_name(atlas):
        text = "A small image model reads it while you draw."
        ways.insert(0, tile("Draw a digit", page_href("sae_lab", {"atlas": lab}), text=text))
    if not atlas.manifest.images:
        text = "See which meanings fire on it, and why."
        ways.insert(0, tile("Type a text", here(atlas, "prompt"), text=text))
    tiles(ways, name="ways", label="Ways on", large=True)


def search(atlas: Atlas) -> dict:
    noun = atlas.manifest.vocabulary.key_token if atlas.manifest.images else "word"
    return tile(f"Search a {noun}", here(atlas, "search"), text=f"The features that fire on a {noun}.")


def here(atlas: Atlas, page: str) -> str:
    return page_href(page, atlas_query(atlas))


def lab_name(atlas: Atlas) -> str | None:
    """Name of the atlas whose lab to draw in: this one if it has a lab, else the first with one."""
    names = atlas_sources.with_lab()
    return atlas.slug if atlas.slug in names else next(iter(names), None)
