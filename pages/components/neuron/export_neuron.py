"""What the neuron page exports: the examples on it, its features, its similar features, its tree, and all of it."""

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.names import ref_name
from ne_core.palette import feature_colour
from ne_core.refs import FeatureRef, dashed
from pages.components.neuron.export_details import Behind
from pages.components.url.neuron_view import View
from pages.components.widgets import export
from pages.components.widgets.clusters import Cluster, holder
from pages.components.widgets.example_selection import passing
from pages.components.widgets.export import Page, Table
from pages.components.widgets.pictures import Picture


def neuron_menu(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, current: int) -> None:
    """The menu of a neuron with examples; `cluster` is the feature or the branch on the page."""
    colour = feature_colour(current if view.branch is None else -1).light
    number = view.reading.baseline_number(atlas.manifest.baselines)
    behind = Behind(atlas, neuron, cluster, *named(view, current), view.reading.baseline, number, colour)
    export.menu(
        atlas,
        view.query(atlas),
        "neuron",
        tables=[*tables(atlas, neuron, view, cluster, current), *behind.tables(stem(atlas, view))],
        figures=[*figures(atlas, neuron, view), *behind.figures(stem(atlas, view))],
        pages=[
            Page(
                f"This {atlas.manifest.vocabulary.unit} on one page, as HTML",
                stem(atlas, view),
                lambda: whole(atlas, view),
            )
        ],
    )


def stem(atlas: Atlas, view: View) -> str:
    """“L3-N17”, with the cut where it is not the atlas's."""
    cut = "" if view.cut == atlas.manifest.default_cut else f"-cut{view.cut:g}"
    return dashed(view.neuron) + cut


def named(view: View, current: int) -> tuple[str, str]:
    """What is on the page, in words and in a file's name."""
    if view.branch is not None:
        return f"branch point {view.branch}", f"B{view.branch}"
    return f"feature {current}", f"F{current}"


def tables(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, current: int) -> list[Table]:
    from_here, ref = stem(atlas, view), neuron.ref
    what, short = named(view, current)
    similar = FeatureRef(ref.layer, ref.neuron, holder(neuron, cluster.rows))

    def frames():
        import ne_core.export.frames  # pandas, when a table is asked for

        return ne_core.export.frames

    def examples(every: bool):
        usual = view.cut == atlas.manifest.default_cut
        frame = frames().examples_frame(atlas, ref, None if usual else view.cut)  # distances are known at the usual cut
        if every:
            return frame
        rows = cluster.rows[passing(atlas, neuron, cluster.rows, view.reading)]
        return frame.iloc[rows].reset_index(drop=True)

    unit = atlas.manifest.vocabulary.unit
    every_token = Table(
        "Every token of all examples", f"{from_here}-tokens", lambda: frames().tokens_frame(atlas, ref, view.cut)
    )
    some, these = (" that pass the filters", "-filtered") if view.reading.filtered else ("", "")
    return [
        Table(f"Examples of {what}{some}", f"{from_here}-{short}-examples{these}", lambda: examples(False)),
        similar_table(atlas, view, similar, what),
        Table(f"Features of this {unit}", f"{from_here}-features", lambda: frames().cut_frame(atlas, ref, view.cut)),
        Table(f"All examples of this {unit}", f"{from_here}-examples", lambda: examples(True)),
        *([] if atlas.manifest.images else [every_token]),
        Table("Activation histogram", f"{dashed(ref)}-histogram", lambda: frames().histogram_frame(atlas, ref)),
    ]


def similar_table(atlas: Atlas, view: View, ref: FeatureRef, what: str) -> Table:
    """Similar features are known of features of the atlas's cut: under another view, of the one that holds most."""
    usual = atlas.manifest.default_cut
    title, name = f"Features similar to {what}", dashed(ref)
    if view.branch is not None or view.cut != usual:
        title = f"Features similar to feature {ref.feature} of the atlas’s cut, which stands in for {what}"
        name += f"-cut{usual:g}"

    def frame():
        from ne_core.export.frames import similar_frame

        return similar_frame(atlas, ref, view.space)

    return Table(title, f"{name}-similar-{view.space}", frame)


def figures(atlas: Atlas, neuron: Neuron, view: View) -> list[Picture]:
    if len(neuron) < 2:
        return []
    shown = "labels" if atlas.manifest.images else "text"
    title = f"Dendrogram of {ref_name(atlas.manifest, neuron.ref)}, cut at {view.cut:g}"

    def drawn(text: bool) -> str:
        from ne_core.export.dendrogram_svg import dendrogram_svg
        from ne_core.export.window_text import snippets

        return dendrogram_svg(neuron.tree, view.cut, title=title, snippets=snippets(atlas, neuron) if text else None)

    return [
        Picture("Dendrogram", f"{stem(atlas, view)}-dendrogram", lambda: drawn(False)),
        Picture(f"Dendrogram with {shown}", f"{stem(atlas, view)}-dendrogram-text", lambda: drawn(True)),
    ]


def whole(atlas: Atlas, view: View) -> str:
    from ne_core.export.static_page import static_page

    return static_page(atlas, view.neuron, view.cut)
