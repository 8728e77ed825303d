"""Names of the map's regions at every zoom, sent once to each browser; see ne_core/queries/regions.py."""

from ne_core.atlas import Atlas
from ne_core.queries.regions import MOST, Regions, regions
from ne_core.text.token_text import short
from pages.components.cached.per_atlas import per_atlas
from pages.components.map.points import map_positions

LONGEST = 16  # characters of a region's name

Placed = tuple[float, float, str]  # horizontal and vertical position, 0 to 1, and a name


@per_atlas()
def region_names(atlas: Atlas) -> list[list[Placed]]:
    """Name the regions of every level, the largest first."""
    positions, token = map_positions(atlas), atlas.features["key_tokens"][:, 0]
    return [placed(atlas, regions(positions, token, atlas.words, level)) for level in range(len(MOST))]


def placed(atlas: Atlas, level: Regions) -> list[Placed]:
    names = [short(text, LONGEST) for text in atlas.text(level.token)]
    return list(zip(level.x.round(4).tolist(), level.y.round(4).tolist(), names, strict=True))
