"""One neuron as one HTML file: no script, nothing fetched, readable in light, in dark and on paper.

Texts of an atlas are untrusted: each passes `safe` or `token_html` before it is written here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from jaxtyping import Int

from ne_core import half
from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.names import formula, ref_name, space_formula, unit_title
from ne_core.export.feature_text import cluster_names, feature_name
from ne_core.export.provenance import bibtex, citation, provenance
from ne_core.export.svg.dendrogram import Look, dendrogram_svg
from ne_core.export.svg.image import image_svg
from ne_core.export.token_html import line_html
from ne_core.export.window_text import window_lines
from ne_core.method.agreement import baseline_importances
from ne_core.method.measures import distances_of, measures
from ne_core.method.partitions import holder
from ne_core.method.trees.cluster import central_of
from ne_core.method.trees.node_colours import feature_colours
from ne_core.numbers import fixed
from ne_core.palette import feature_colour
from ne_core.queries.comparable_text import similar_words
from ne_core.queries.in_embedding import neuron_in
from ne_core.queries.layer_pairs import LayerPairs
from ne_core.queries.sources import source_names
from ne_core.refs import FeatureRef, NeuronRef
from ne_core.text.phrases import image_words
from ne_core.text.token_text import visible

EXAMPLES, SIMILAR = 20, 5  # of each feature
LONGEST = 500  # characters of one setting
CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
STYLE = Path(__file__).with_suffix(".css")


@dataclass(frozen=True)
class Feature:
    """A feature at the page's cut: its examples in reading order, and its numbers."""

    number: int
    colour: str
    name: str
    rows: list[int]
    distance: float
    activation: float


def static_page(
    atlas: Atlas,
    ref: NeuronRef,
    cut: float | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    embedding: str | None = None,
) -> str:
    """Return the page of a neuron in an embedding, by default the atlas's; `on_progress` counts features.

    Raises KeyError for a neuron that is not there, AtlasError for an embedding that cannot be computed.
    """
    neuron = neuron_in(atlas, ref, embedding or atlas.manifest.embedding)
    cut = neuron.default_cut if cut is None else cut
    title = unit_title(atlas.manifest, ref)
    listed = features(atlas, neuron, cut)
    body = [f"<h1>{safe(title)}</h1>", subtitle(atlas, neuron, cut), *measure_list(atlas, neuron, cut)]
    if listed:
        instructions = HOW_TO_SEE if atlas.manifest.images else HOW_TO_READ
        body += [
            dendrogram_figure(atlas, neuron, cut, [feature.colour for feature in listed]),
            overview(listed, len(neuron)),
            '<h2 id="examples">Examples</h2>',
            instructions,
        ]
        for done, feature in enumerate(listed, start=1):
            body.append(section(atlas, neuron, feature, cut))
            if on_progress:
                on_progress(done, len(listed))
        body.append(caution(atlas, ref.layer))
    else:
        kind = "image" if atlas.manifest.images else "text of the corpus"
        unit = atlas.manifest.vocabulary.unit
        body.append(f"<p>This {unit} is dead: no {kind} activates it, so it has no features.</p>")
    return document(f"{title} · {visible(atlas.manifest.name)}", [*body, *origin(atlas, neuron, cut)])


def document(title: str, body: list[str]) -> str:
    """The complete page."""
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{CSP}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        f'content="light dark"><title>{escape(title)}</title><style>{STYLE.read_text(encoding="utf-8")}</style>'
    )
    content = "\n".join(body)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body><main>\n{content}\n</main></body></html>\n'


def features(atlas: Atlas, neuron: Neuron, cut: float) -> list[Feature]:
    """Return the features at a cut, largest first."""
    if not len(neuron):
        return []
    labels = neuron.features(cut)
    centres, spread = central_of(neuron.tree, neuron.merge_central, labels, cut), distances_of(neuron.tree, labels, cut)
    names, page_features = cluster_names(atlas, neuron, labels), []
    colours = feature_colours(neuron.tree, labels, cut, neuron.default_cut).tolist()
    for number in range(len(centres)):
        rows = np.flatnonzero(labels == number)
        active = neuron.activation[rows].astype(np.float64)
        order = np.lexsort((-active, no_importances(neuron, rows), rows != centres[number]))
        page_features.append(
            Feature(
                number,
                feature_colour(colours[number]).css,
                names[number],
                rows[order].tolist(),
                float(spread[number]),
                float(active.mean()),
            )
        )
    return page_features


def no_importances(neuron: Neuron, rows: Int[np.ndarray, " k"]) -> np.ndarray:
    """True for each row without importances."""
    return ~np.isfinite(baseline_importances(neuron.window_importances[rows], 0)).any(axis=1)


def subtitle(atlas: Atlas, neuron: Neuron, cut: float) -> str:
    """Model, embedding and cut in one line."""
    model, default, is_own = atlas.manifest.model.name, neuron.default_cut, is_of_atlas(atlas, neuron)
    owner, other = ("the atlas’s cut", "the atlas’s") if is_own else ("the default cut", "the default")
    cut_text = owner if cut == default else f"not {other}, which is {default:g}"
    space = safe(space_formula(atlas.manifest, neuron.embedding))
    note = "" if is_own else f" (the atlas’s own is {safe(space_formula(atlas.manifest, atlas.manifest.embedding))})"
    return (
        f'<p class="quiet">Of the model {safe(model)}, in the atlas “{safe(atlas.manifest.name)}”. Its activating '
        f"examples, as features: clusters cut at a cosine distance of {cut:g} ({cut_text}). Embedding: "
        f"{space}{note}.</p>"
    )


def is_of_atlas(atlas: Atlas, neuron: Neuron) -> bool:
    """True if a neuron's tree is that of the atlas's own embedding."""
    return neuron.embedding == atlas.manifest.embedding


def measure_list(atlas: Atlas, neuron: Neuron, cut: float) -> list[str]:
    """The neuron's measures."""
    row = atlas.neuron_row(neuron.ref)
    facts = {"Examples": str(len(neuron)), "Maximum activation": number(float(atlas.neurons["maximum"][row]))}
    if len(neuron):
        values = measures(neuron.tree, cut)
        facts |= {
            "Features": str(values.n_features),
            "Largest feature": f"{values.largest_share:.0%}",
            "Mean distance": number(values.mean_distance),
            "Within features": number(values.intra_distance),
            "Between features": number(values.inter_distance),
        }
    return [definition_list("facts", facts)]


def dendrogram_figure(atlas: Atlas, neuron: Neuron, cut: float, colours: list[str]) -> str:
    """The tree as a picture, where there is one."""
    if len(neuron) < 2:
        return '<p class="quiet">One example: there is no tree to draw.</p>'
    embedding = "" if is_of_atlas(atlas, neuron) else f" in {formula(neuron.embedding)}"
    title = f"Dendrogram of {ref_name(atlas.manifest, neuron.ref)}{embedding}, cut at {cut:g}"
    look = Look("var(--ink)", "var(--quiet)", "var(--faint)", "none", colours.__getitem__)
    return (
        f"<h2>Dendrogram</h2><figure>{dendrogram_svg(neuron.tree, cut, title=title, look=look)}<figcaption>Each leaf "
        "is one activating example; branches join at the mean cosine distance between their examples’ embeddings, "
        f"{safe(formula(neuron.embedding))}. What joins below the cut is one feature, in its colour and with its "
        "number.</figcaption></figure>"
    )


def overview(listed: list[Feature], n: int) -> str:
    """The features as a table."""
    rows = "".join(
        f"<tr><td>{swatch(feature, link=True)}</td><td>{safe(feature.name)}</td>"
        f'<td class="figure">{len(feature.rows)}</td><td class="figure">{len(feature.rows) / n:.0%}</td>'
        f'<td class="figure">{number(feature.distance)}</td><td class="figure">{number(feature.activation)}</td></tr>'
        for feature in listed
    )
    heads = "<th>Feature</th><th>Fires on</th>" + "".join(
        f'<th class="figure">{name}</th>' for name in ("Examples", "Share", "Mean distance", "Mean activation")
    )
    caption = "Largest first, numbered from 0. Mean cosine distance between the examples of a feature."
    return (
        f'<h2>Features</h2><div class="wide"><table><caption>{caption}</caption><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


HOW_TO_READ = (
    '<p class="quiet">The outlined token is the key token, of highest activation; its value is at the right. A '
    "warm background is activation; an underline is token importance, the share of the activation lost when the token "
    "is masked: solid where masking lowers it, dashed where it raises it.</p>"
)

HOW_TO_SEE = (
    '<p class="quiet">Each image has its label and activation below it. Black is 0, white the '
    "brightest pixel of all images.</p>"
)


def section(atlas: Atlas, neuron: Neuron, feature: Feature, cut: float) -> str:
    """One feature with its examples."""
    rows = feature.rows[:EXAMPLES]
    count_text = f"All {len(rows)}" if len(rows) == len(feature.rows) else f"{len(rows)} of {len(feature.rows)}"
    rest = "the rest" if atlas.manifest.images else "those whose importance is known, each"
    order = f"the central one first, then {rest} by activation"
    examples = images(atlas, neuron, rows) if atlas.manifest.images else texts(atlas, neuron, rows)
    return (
        f'<section id="f{feature.number}" style="--c:{feature.colour}"><h3>'
        f"{swatch(feature)}<span>Feature {feature.number}: {safe(feature.name)}</span></h3>"
        f'<p class="quiet">{count_text} examples, {order}.</p>{examples}'
        f"{similar(atlas, neuron, feature, cut)}</section>"
    )


def texts(atlas: Atlas, neuron: Neuron, rows: list[int]) -> str:
    """The examples of a feature, each with its source where the atlas has them."""
    sources = source_names(atlas, neuron, np.array(rows)) or [""] * len(rows)
    examples = "".join(
        f'<li><span class="value">{half.number(neuron.activation[row])}</span>'
        f"{line_html(line, maximum(atlas, neuron.ref), atlas.manifest.causal)}{source_html(source)}</li>"
        for row, line, source in zip(rows, window_lines(atlas, neuron, rows), sources, strict=True)
    )
    return f"<ol>{examples}</ol>"


def source_html(name: str) -> str:
    """The source of an example below it; empty without one."""
    return f'<span class="source">{safe(name)}</span>' if name else ""


def images(atlas: Atlas, neuron: Neuron, rows: list[int]) -> str:
    """Draw images side by side, each with its label and activation."""
    items = []
    for row in rows:
        example = int(neuron.example[row])
        label = atlas.visible_tokens[int(atlas.tokens[example, 0])]
        picture = image_svg(atlas.images[example], atlas.brightest, image_words(label, example))
        value = f'<span class="value">{half.number(neuron.activation[row])}</span>'
        items.append(f"<li>{picture}<bdi>{escape(label)}</bdi> {value}</li>")
    return f'<ol class="images">{"".join(items)}</ol>'


def similar(atlas: Atlas, neuron: Neuron, feature: Feature, cut: float) -> str:
    """List the features most similar to the feature of the atlas's cut that holds most of these examples."""
    number = holder(atlas.neuron(neuron.ref).feature, np.array(feature.rows))
    of_atlas = FeatureRef(neuron.ref.layer, neuron.ref.neuron, number)
    space, others = atlas.manifest.default_space, atlas.similar(of_atlas, atlas.manifest.default_space)[:SIMILAR]
    if not others:
        return ""
    source = "the atlas’s cut" if is_of_atlas(atlas, neuron) else "the atlas’s own embedding"
    moved = "" if atlas.lists(neuron, cut) else f", of feature {number} of {source}"
    rows = "".join(f"<li>{safe(similar_name(atlas, other))}, cosine {fixed(cosine)}</li>" for other, cosine in others)
    return (
        f'<p class="quiet">Similar features of other {atlas.manifest.vocabulary.units} ({safe(space)}{moved}):</p>'
        f'<ul class="similar">{rows}</ul>'
    )


def caution(atlas: Atlas, layer: int) -> str:
    """Explain how far cosines of similar features can be compared between layers."""
    words = similar_words(LayerPairs(atlas, atlas.manifest.default_space), layer)
    return f'<p class="quiet">Cosines between layers: {escape(words)}</p>' if words else ""


def similar_name(atlas: Atlas, ref: FeatureRef) -> str:
    """The name of a similar feature with its place."""
    return f"{ref_name(atlas.manifest, ref)}: {feature_name(atlas, atlas.feature_id(ref))}"


def origin(atlas: Atlas, neuron: Neuron, cut: float) -> list[str]:
    """Return the sections on provenance and citation."""
    embedding = {} if is_of_atlas(atlas, neuron) else {"embedding": neuron.embedding}
    record = provenance(atlas, {**neuron.ref.query(), **embedding, "cut": f"{cut:g}"})
    fields = {name.replace("_", " "): safe(value) for name, value in record.items() if name != "cite"}
    if not atlas.manifest.images:
        fields["token importance"] = f"masked tokens replaced by {safe(atlas.manifest.baselines[0])}"
    return [
        f"<h2>Where it came from</h2>{definition_list('origin', fields)}",
        f"<h2>How to cite</h2><p>{escape(citation(atlas))}</p><pre>{escape(bibtex())}</pre>",
    ]


def maximum(atlas: Atlas, ref: NeuronRef) -> float:
    """Activation that is drawn at full strength."""
    return float(atlas.neurons["maximum"][atlas.neuron_row(ref)])


def swatch(feature: Feature, link: bool = False) -> str:
    """A square in the colour of a feature."""
    tag, to = ("a", f' href="#f{feature.number}"') if link else ("span", "")
    return f'<{tag} class="swatch" style="--c:{feature.colour}"{to}>{feature.number}</{tag}>'


def definition_list(style: str, definitions: dict[str, str]) -> str:
    """Return a list of names and values that are HTML already."""
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in definitions.items())
    return f'<dl class="{style}">{rows if style == "facts" else rows.replace("<div>", "").replace("</div>", "")}</dl>'


def number(value: float) -> str:
    """A number as it is shown."""
    return fixed(value)


def safe(value: object) -> str:
    """A text, escaped for HTML."""
    return escape(visible(str(value)[:LONGEST]))
