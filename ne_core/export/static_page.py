"""One neuron as one HTML file: no script, nothing fetched, readable in light, in dark and on paper.

Every text of the atlas is somebody's: it passes `safe` or `token_html` on its way here.
"""

from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from jaxtyping import Int

from ne_core import half
from ne_core.atlas import Atlas, Neuron
from ne_core.atlas.names import ref_name, unit_title
from ne_core.export.dendrogram_svg import Look, dendrogram_svg
from ne_core.export.feature_text import cluster_names, feature_name
from ne_core.export.image_svg import image_svg
from ne_core.export.provenance import bibtex, citation, provenance
from ne_core.export.token_html import line_html
from ne_core.export.window_text import window_lines
from ne_core.method.agreement import of_baseline
from ne_core.method.cluster import central_of
from ne_core.method.measures import distances_of, measures
from ne_core.numbers import fixed
from ne_core.palette import feature_colour
from ne_core.queries.comparable_text import similar_words
from ne_core.queries.layer_pairs import LayerPairs
from ne_core.refs import FeatureRef, NeuronRef
from ne_core.text.phrases import image_words
from ne_core.text.token_text import visible

EXAMPLES, SIMILAR = 20, 5  # of each feature
LONGEST = 500  # characters of one setting
CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
STYLE = Path(__file__).with_suffix(".css")
SCREEN = Look("var(--ink)", "var(--quiet)", "var(--faint)", "none", lambda feature: feature_colour(feature).css)


@dataclass(frozen=True)
class Feature:
    """A feature at the page's cut: its examples in reading order, and what is said of it."""

    number: int
    name: str
    rows: list[int]
    distance: float
    activation: float


def static_page(atlas: Atlas, ref: NeuronRef, cut: float | None = None) -> str:
    """The page. Raises KeyError for a neuron that the atlas lacks."""
    neuron, cut = atlas.neuron(ref), atlas.manifest.default_cut if cut is None else cut
    title = unit_title(atlas.manifest, ref)
    found = features(atlas, neuron, cut)
    body = [f"<h1>{safe(title)}</h1>", subtitle(atlas, cut), *about(atlas, neuron, cut)]
    if found:
        how = HOW_TO_SEE if atlas.manifest.images else HOW_TO_READ
        body += [drawn(atlas, neuron, cut), overview(found, len(neuron)), '<h2 id="examples">Examples</h2>', how]
        body += [section(atlas, neuron, feature, cut) for feature in found]
        body.append(caution(atlas, ref.layer))
    else:
        read = "image" if atlas.manifest.images else "text of the corpus"
        unit = atlas.manifest.vocabulary.unit
        body.append(f"<p>This {unit} is dead: no {read} activates it, so it has no features.</p>")
    return whole(f"{title} · {visible(atlas.manifest.name)}", [*body, *origin(atlas, ref, cut)])


def whole(title: str, body: list[str]) -> str:
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{CSP}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        f'content="light dark"><title>{escape(title)}</title><style>{STYLE.read_text(encoding="utf-8")}</style>'
    )
    inside = "\n".join(body)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body><main>\n{inside}\n</main></body></html>\n'


def features(atlas: Atlas, neuron: Neuron, cut: float) -> list[Feature]:
    """Largest first."""
    if not len(neuron):
        return []
    of = neuron.features(cut)
    centres, apart = central_of(neuron.tree, neuron.merge_central, of, cut), distances_of(neuron.tree, of, cut)
    names, made = cluster_names(atlas, neuron, of), []
    for number in range(len(centres)):
        rows = np.flatnonzero(of == number)
        active = neuron.activation[rows].astype(np.float64)
        order = np.lexsort((-active, unknown(neuron, rows), rows != centres[number]))
        made.append(Feature(number, names[number], rows[order].tolist(), float(apart[number]), float(active.mean())))
    return made


def unknown(neuron: Neuron, rows: Int[np.ndarray, " k"]) -> np.ndarray:
    """Whether a row has no importances."""
    return ~np.isfinite(of_baseline(neuron.window_importances[rows], 0)).any(axis=1)


def subtitle(atlas: Atlas, cut: float) -> str:
    model, usual = atlas.manifest.model.name, atlas.manifest.default_cut
    which = "the atlas’s cut" if cut == usual else f"not the atlas’s, which is {usual:g}"
    return (
        f'<p class="quiet">Of the model {safe(model)}, in the atlas “{safe(atlas.manifest.name)}”. Its activating '
        f"examples, as features: clusters cut at a cosine distance of {cut:g} ({which}).</p>"
    )


def about(atlas: Atlas, neuron: Neuron, cut: float) -> list[str]:
    """The measures."""
    row = atlas.neuron_row(neuron.ref)
    told = {"Examples": str(len(neuron)), "Maximum activation": number(float(atlas.neurons["maximum"][row]))}
    if len(neuron):
        found = measures(neuron.tree, cut)
        told |= {
            "Features": str(found.n_features),
            "Largest feature": f"{found.largest_share:.0%}",
            "Mean distance": number(found.mean_distance),
            "Within features": number(found.intra_distance),
            "Between features": number(found.inter_distance),
        }
    return [pairs("facts", told)]


def drawn(atlas: Atlas, neuron: Neuron, cut: float) -> str:
    if len(neuron) < 2:
        return '<p class="quiet">One example: there is no tree to draw.</p>'
    title = f"Dendrogram of {ref_name(atlas.manifest, neuron.ref)}, cut at {cut:g}"
    return (
        f"<h2>Dendrogram</h2><figure>{dendrogram_svg(neuron.tree, cut, title=title, look=SCREEN)}<figcaption>Each leaf "
        "is one activating example; branches join at the mean cosine distance between their examples’ neuron "
        "embeddings. What joins below the cut is one feature, in its colour and with its number.</figcaption></figure>"
    )


def overview(found: list[Feature], n: int) -> str:
    rows = "".join(
        f'<tr><td>{swatch(each.number, link=True)}</td><td>{safe(each.name)}</td><td class="figure">{len(each.rows)}'
        f'</td><td class="figure">{len(each.rows) / n:.0%}</td><td class="figure">{number(each.distance)}</td>'
        f'<td class="figure">{number(each.activation)}</td></tr>'
        for each in found
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
    '<p class="quiet">The outlined token is the key token, of highest activation, whose value stands at the right. A '
    "warm background is activation; an underline is token importance, the share of the activation lost when the token "
    "is masked: solid where masking lowers it, dashed where it raises it.</p>"
)

HOW_TO_SEE = (
    '<p class="quiet">Under each image stands its label, and beside that the activation. Black is 0, white the '
    "brightest pixel of all images.</p>"
)


def section(atlas: Atlas, neuron: Neuron, feature: Feature, cut: float) -> str:
    shown = feature.rows[:EXAMPLES]
    of = f"All {len(shown)}" if len(shown) == len(feature.rows) else f"{len(shown)} of {len(feature.rows)}"
    known = "the rest" if atlas.manifest.images else "those whose importance is known, each"
    order = f"the central one first, then {known} by activation"
    examples = images(atlas, neuron, shown) if atlas.manifest.images else texts(atlas, neuron, shown)
    return (
        f'<section id="f{feature.number}" style="--c:{feature_colour(feature.number).css}"><h3>'
        f"{swatch(feature.number)}<span>Feature {feature.number}: {safe(feature.name)}</span></h3>"
        f'<p class="quiet">{of} examples, {order}.</p>{examples}'
        f"{similar(atlas, neuron, feature, cut)}</section>"
    )


def texts(atlas: Atlas, neuron: Neuron, rows: list[int]) -> str:
    examples = "".join(
        f'<li><span class="value">{half.number(neuron.activation[row])}</span>'
        f"{line_html(line, maximum(atlas, neuron.ref), atlas.manifest.causal)}</li>"
        for row, line in zip(rows, window_lines(atlas, neuron, rows), strict=True)
    )
    return f"<ol>{examples}</ol>"


def images(atlas: Atlas, neuron: Neuron, rows: list[int]) -> str:
    """Side by side, each with its label and activation."""
    made = []
    for row in rows:
        example = int(neuron.example[row])
        label = atlas.shown[int(atlas.tokens[example, 0])]
        picture = image_svg(atlas.images[example], atlas.brightest, image_words(label, example))
        value = f'<span class="value">{half.number(neuron.activation[row])}</span>'
        made.append(f"<li>{picture}<bdi>{escape(label)}</bdi> {value}</li>")
    return f'<ol class="images">{"".join(made)}</ol>'


def similar(atlas: Atlas, neuron: Neuron, feature: Feature, cut: float) -> str:
    """Known for features of the atlas's cut: at another, those of the one that holds most of the examples."""
    holder = FeatureRef(neuron.ref.layer, neuron.ref.neuron, int(np.bincount(neuron.feature[feature.rows]).argmax()))
    space, others = atlas.manifest.default_space, atlas.similar(holder, atlas.manifest.default_space)[:SIMILAR]
    if not others:
        return ""
    moved = "" if cut == atlas.manifest.default_cut else f", of feature {holder.feature} of the atlas’s cut"
    rows = "".join(f"<li>{safe(named(atlas, other))}, cosine {fixed(cosine)}</li>" for other, cosine in others)
    return (
        f'<p class="quiet">Similar features of other {atlas.manifest.vocabulary.units} ({safe(space)}{moved}):</p>'
        f'<ul class="similar">{rows}</ul>'
    )


def caution(atlas: Atlas, layer: int) -> str:
    """What the cosines of similar features are worth between layers."""
    words = similar_words(LayerPairs(atlas, atlas.manifest.default_space), layer)
    return f'<p class="quiet">Cosines between layers: {escape(words)}</p>' if words else ""


def named(atlas: Atlas, ref: FeatureRef) -> str:
    return f"{ref_name(atlas.manifest, ref)}: {feature_name(atlas, atlas.feature_id(ref))}"


def origin(atlas: Atlas, ref: NeuronRef, cut: float) -> list[str]:
    """Where all of it came from, and how to cite it."""
    told = provenance(atlas, {**ref.query(), "cut": f"{cut:g}"})
    shown = {name.replace("_", " "): safe(value) for name, value in told.items() if name != "cite"}
    if not atlas.manifest.images:
        shown["token importance"] = f"masked tokens replaced by {safe(atlas.manifest.baselines[0])}"
    return [
        f"<h2>Where it came from</h2>{pairs('origin', shown)}",
        f"<h2>How to cite</h2><p>{escape(citation(atlas))}</p><pre>{escape(bibtex())}</pre>",
    ]


def maximum(atlas: Atlas, ref: NeuronRef) -> float:
    """The activation drawn at full strength."""
    return float(atlas.neurons["maximum"][atlas.neuron_row(ref)])


def swatch(feature: int, link: bool = False) -> str:
    tag, to = ("a", f' href="#f{feature}"') if link else ("span", "")
    return f'<{tag} class="swatch" style="--c:{feature_colour(feature).css}"{to}>{feature}</{tag}>'


def pairs(style: str, told: dict[str, str]) -> str:
    """Names and values that are HTML already."""
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in told.items())
    return f'<dl class="{style}">{rows if style == "facts" else rows.replace("<div>", "").replace("</div>", "")}</dl>'


def number(value: float) -> str:
    return fixed(value)


def safe(value: object) -> str:
    return escape(visible(str(value)[:LONGEST]))
