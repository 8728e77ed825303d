"""Exports of the page: the features and links of the trail as tables, and its figure."""

from ne_core.atlas import Atlas
from ne_core.queries.trail import Trail
from ne_core.refs import dashed
from pages.components.across_layers.trail_graph import turns_of, unlike
from pages.components.cached.comparable import layer_pairs
from pages.components.text.labels import label
from pages.components.url.across_layers_view import View, usual_least
from pages.components.widgets import export
from pages.components.widgets.export import Table
from pages.components.widgets.pictures.pictures import Picture


def trail_menu(atlas: Atlas, view: View, trail: Trail) -> None:
    bound = "" if view.bound == usual_least(view.space) else f"-least{view.bound:g}"
    name = f"{dashed(view.seed)}-trail-{view.space}{bound}"

    def frames():
        import ne_core.export.trail_frames  # imports pandas, needed only when a table is downloaded

        return ne_core.export.trail_frames

    tables = [
        Table("Features of this trail", name, lambda: frames().trail_frame(atlas, trail)),
        Table("Links of this trail", f"{name}-links", lambda: frames().links_frame(atlas, trail)),
        Table("Which layers can be compared", f"layers-compared-{view.space}", lambda: pairs_frame(atlas, view.space)),
    ]
    figures = [Picture("Trail", name, lambda: trail_figure(atlas, view, trail))] if len(trail.ids) > 1 else []
    export.menu(atlas, view.query(atlas), "across_layers", tables=tables, figures=figures)


def pairs_frame(atlas: Atlas, space: str):
    from ne_core.export.trail_frames import pairs_frame as frame

    return frame(layer_pairs(atlas, space))


def trail_figure(atlas: Atlas, view: View, trail: Trail) -> str:
    from ne_core.export.svg.trail import Node, trail_svg

    nodes = []
    for index, id in enumerate(trail.ids.tolist()):
        ref = atlas.feature_ref(id)
        cosine = None if ref == view.seed else float(trail.cosine[index])
        turns = turns_of(trail, index)
        nodes.append(Node(ref.layer, str(ref), str(label(atlas, id)), cosine, turns))
    title = f"Trail of {view.seed}: cosines of at least {view.bound:g}"
    return trail_svg(atlas.layers, nodes, trail.links, trail.least, title=title, unlike=unlike(atlas, view, trail))
