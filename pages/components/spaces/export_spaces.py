"""Export of the page Spaces: its figures, the box plot, and a table of the whole atlas."""

from ne_core.atlas import Atlas
from ne_core.atlas.names import ref_name
from ne_core.refs import dashed
from pages.components.spaces.embedded import Space, SpacePair
from pages.components.spaces.picture import cut_of
from pages.components.spaces.summary import space_title
from pages.components.spaces.whole_atlas import box_plot
from pages.components.url.spaces_view import FEATURES, View
from pages.components.widgets import export
from pages.components.widgets.export import Table
from pages.components.widgets.pictures.pictures import Picture


def spaces_menu(atlas: Atlas, view: View, pair: SpacePair | None) -> None:
    """Show the export menu. `pair` is None for a neuron that cannot be compared."""
    figures = [each for space in pair.spaces for each in space_figures(atlas, view, space, pair)] if pair else []
    tables = []
    if atlas.comparison is not None and len(atlas.comparison):
        tables.append(Table(f"Spaces compared, by {atlas.manifest.vocabulary.unit}", "spaces", lambda: frame(atlas)))
        name = f"spaces-{view.measure}-of-{view.by}"
        figures.append(Picture("Spaces compared, by layer", name, lambda: boxes_file(atlas, view)))
    export.menu(atlas, view.query(atlas), "spaces", tables=tables, figures=figures)


def space_figures(atlas: Atlas, view: View, space: Space, pair: SpacePair) -> list[Picture]:
    """Dendrogram and plane of a space, coloured as on the page."""
    title = f"{ref_name(atlas.manifest, view.neuron)}, {space_title(atlas, space.name)}"
    stem = f"{dashed(view.neuron)}-{space.name}" + (f"-coloured-{view.clusters}" if view.clusters != FEATURES else "")

    def tree() -> str:
        from ne_core.export.svg.dendrogram import dendrogram_svg

        cut = cut_of(atlas, view, space, pair.n_clusters)
        cut = 2.0 if cut is None else round(cut, 4)  # at 2 no line is drawn
        return dendrogram_svg(space.tree, cut, title=f"Dendrogram of {title}", groups=pair.clusters)

    def plane() -> str:
        from ne_core.export.svg.plane import plane_svg

        return plane_svg(space.plane, pair.clusters, f"Examples of {title}")

    return [
        Picture(f"Dendrogram, {space_title(atlas, space.name)}", f"{stem}-dendrogram", tree),
        Picture(f"Plane, {space_title(atlas, space.name)}", f"{stem}-plane", plane),
    ]


def frame(atlas: Atlas):
    from ne_core.export.comparison_frames import comparison_frame  # imports pandas, so only when the table is requested

    return comparison_frame(atlas.comparison)


def boxes_file(atlas: Atlas, view: View) -> str:
    from ne_core.export.svg.boxes import boxes_svg

    return boxes_svg(box_plot(atlas, view))
