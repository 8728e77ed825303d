"""Export of the neuron page: examples, features, similar features, dendrogram, and the whole page."""

from dataclasses import replace

from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.names import formula, ref_name
from ne_core.method.partitions import holder
from ne_core.palette import Colour
from ne_core.refs import FeatureRef, dashed
from pages.components.neuron.dendrogram.cut_curve import cut_plot
from pages.components.neuron.details.export import Details
from pages.components.neuron.details.export import svg as plot_of
from pages.components.url.neuron_view import View
from pages.components.widgets import export
from pages.components.widgets.cluster_words import source_words
from pages.components.widgets.clusters import Cluster, colours_at
from pages.components.widgets.example_selection import passing
from pages.components.widgets.export import Page, Table
from pages.components.widgets.pictures.pictures import Picture


def neuron_menu(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, current: int, colour: Colour) -> None:
    """Menu of a neuron with examples. `cluster` is the feature or the branch on the page."""
    number = view.reading.baseline_number(atlas.manifest.baselines)
    details = Details(
        atlas, neuron, cluster, *cluster_names(view, current), view.reading.baseline, number, colour.light
    )
    export.menu(
        atlas,
        view.query(atlas),
        "neuron",
        tables=[*tables(atlas, neuron, view, cluster, current), *details.tables(stem(atlas, neuron, view))],
        figures=[*figures(atlas, neuron, view, cluster), *details.figures(stem(atlas, neuron, view))],
        pages=[
            Page(
                f"This {atlas.manifest.vocabulary.unit} on one page, as HTML",
                stem(atlas, neuron, view),
                lambda: page_html(atlas, view),
            )
        ],
    )


def stem(atlas: Atlas, neuron: Neuron, view: View) -> str:
    """“L3-N17”, with the embedding if it is not the atlas's, and the cut if it is not the default one."""
    embedding = "" if neuron.embedding == atlas.manifest.embedding else f"-{neuron.embedding}"
    cut = "" if view.cut == neuron.default_cut else f"-cut{view.cut:g}"
    return dashed(view.neuron) + embedding + cut


def cluster_names(view: View, current: int) -> tuple[str, str]:
    """Name of the cluster on the page, for titles and for names of files."""
    if view.branch is not None:
        return f"branch point {view.branch}", f"B{view.branch}"
    return f"feature {current}", f"F{current}"


def tables(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster, current: int) -> list[Table]:
    prefix, ref = stem(atlas, neuron, view), neuron.ref
    what, short = cluster_names(view, current)
    similar = FeatureRef(ref.layer, ref.neuron, holder(atlas.neuron(ref).feature, cluster.rows))

    def frames():
        import ne_core.export.frames  # imports pandas, so only when a table is requested

        return ne_core.export.frames

    def examples(every: bool):
        # distances from the mean direction are known for the default cut only
        cut = None if view.cut == neuron.default_cut else view.cut
        frame = frames().examples_frame(atlas, ref, cut, view.embedding)
        if every:
            return frame
        rows = cluster.rows[passing(atlas, neuron, cluster.rows, view.reading)]
        return frame.iloc[rows].reset_index(drop=True)

    unit = atlas.manifest.vocabulary.unit
    every_token = Table(
        "Every token of all examples",
        f"{prefix}-tokens",
        lambda: frames().tokens_frame(atlas, ref, view.cut, view.embedding),
    )
    filtered, suffix = (" that pass the filters", "-filtered") if view.reading.filtered else ("", "")
    return [
        Table(f"Examples of {what}{filtered}", f"{prefix}-{short}-examples{suffix}", lambda: examples(False)),
        similar_table(atlas, neuron, view, similar, what),
        Table(
            f"Features of this {unit}",
            f"{prefix}-features",
            lambda: frames().cut_frame(atlas, ref, view.cut, view.embedding),
        ),
        Table(f"All examples of this {unit}", f"{prefix}-examples", lambda: examples(True)),
        *([] if atlas.manifest.images else [every_token]),
        Table("Activation histogram", f"{dashed(ref)}-histogram", lambda: frames().histogram_frame(atlas, ref)),
    ]


def similar_table(atlas: Atlas, neuron: Neuron, view: View, ref: FeatureRef, what: str) -> Table:
    """Similar features of `ref`. They are stored for the atlas's embedding and cut: `ref` may replace the cluster."""
    title, name = f"Features similar to {what}", dashed(ref)
    if view.branch is not None or not atlas.lists(neuron, view.cut):
        source = source_words(atlas, neuron)
        title = f"Features similar to feature {ref.feature} of {source}, used instead of {what}"
        name += f"-cut{atlas.manifest.default_cut:g}"

    def frame():
        from ne_core.export.frames import similar_frame

        return similar_frame(atlas, ref, view.space)

    return Table(title, f"{name}-similar-{view.space}", frame)


def figures(atlas: Atlas, neuron: Neuron, view: View, cluster: Cluster) -> list[Picture]:
    if len(neuron) < 2:
        return []
    content = "labels" if atlas.manifest.images else "text"
    embedding = "" if neuron.embedding == atlas.manifest.embedding else f" in {formula(neuron.embedding)}"
    title = f"Dendrogram of {ref_name(atlas.manifest, neuron.ref)}{embedding}, cut at {view.cut:g}"

    def svg(text: bool) -> str:
        from ne_core.export.svg.dendrogram import PAPER, dendrogram_svg
        from ne_core.export.window_text import snippets

        colours = [colour.light for colour in colours_at(neuron, view.cut)]
        texts, look = snippets(atlas, neuron) if text else None, replace(PAPER, colour=colours.__getitem__)
        return dendrogram_svg(neuron.tree, view.cut, title=title, snippets=texts, look=look)

    return [
        Picture("Dendrogram", f"{stem(atlas, neuron, view)}-dendrogram", lambda: svg(False)),
        Picture(f"Dendrogram with {content}", f"{stem(atlas, neuron, view)}-dendrogram-text", lambda: svg(True)),
        Picture(
            "Features by cut",
            f"{stem(atlas, neuron, view)}-cuts",
            lambda: plot_of(cut_plot(atlas, neuron, view, cluster)),
        ),
    ]


def page_html(atlas: Atlas, view: View) -> str:
    from ne_core.export.static_page import static_page

    return static_page(atlas, view.neuron, view.cut, embedding=view.embedding)
