"""What the page of spaces exports: its four pictures, the boxes, and every number of the whole atlas."""

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.refs import dashed
from pages.components.spaces.embedded import Shown, Space
from pages.components.spaces.picture import cut_of
from pages.components.spaces.summary import space_title
from pages.components.spaces.whole_atlas import plotted
from pages.components.url.spaces_view import FEATURES, View
from pages.components.widgets import export
from pages.components.widgets.export import Table
from pages.components.widgets.pictures import Picture


def spaces_menu(atlas: Atlas, view: View, shown: Shown | None) -> None:
    """`shown` is None where the neuron has nothing to show."""
    figures = [each for space in shown.spaces for each in of_space(atlas, view, space, shown)] if shown else []
    tables = []
    if atlas.comparison is not None and len(atlas.comparison):
        tables.append(Table(f"Spaces compared, by {atlas.manifest.vocabulary.unit}", "spaces", lambda: frame(atlas)))
        name = f"spaces-{view.measure}-of-{view.by}"
        figures.append(Picture("Spaces compared, by layer", name, lambda: boxes_of(atlas, view)))
    export.menu(atlas, view.query(atlas), "spaces", tables=tables, figures=figures)


def of_space(atlas: Atlas, view: View, space: Space, shown: Shown) -> list[Picture]:
    """The tree and the plane, coloured as on the page."""
    whose = f"{ref_name(atlas.manifest, view.neuron)}, {space_title(atlas, space.name)}"
    stem = f"{dashed(view.neuron)}-{space.name}" + (f"-coloured-{view.clusters}" if view.clusters != FEATURES else "")

    def tree() -> str:
        from ne_core.export.dendrogram_svg import dendrogram_svg

        cut = cut_of(atlas, view, space, shown.n_clusters)
        cut = 2.0 if cut is None else round(cut, 4)  # 2 has no line
        return dendrogram_svg(space.tree, cut, title=f"Dendrogram of {whose}", groups=shown.clusters)

    def plane() -> str:
        from ne_core.export.plane_svg import plane_svg

        return plane_svg(space.plane, shown.clusters, f"Examples of {whose}")

    return [
        Picture(f"Dendrogram, {space_title(atlas, space.name)}", f"{stem}-dendrogram", tree),
        Picture(f"Plane, {space_title(atlas, space.name)}", f"{stem}-plane", plane),
    ]


def frame(atlas: Atlas):
    from ne_core.export.comparison_frames import comparison_frame  # pandas, when the table is asked for

    return comparison_frame(atlas.comparison)


def boxes_of(atlas: Atlas, view: View) -> str:
    from ne_core.export.boxes_svg import boxes_svg

    return boxes_svg(plotted(atlas, view))
