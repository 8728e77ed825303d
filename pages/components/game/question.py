"""One question of the game: six examples to choose from, the explanation after the choice, and the score.

The browser stores the results and counts them (results.js, score.js); the server has the intervals of every count.
"""

from collections.abc import Sequence

import numpy as np

from ne_core.atlas import Atlas
from ne_core.atlas.names import layer_mark, ref_name
from ne_core.method.classes import CLASSES, NAMES
from ne_core.method.intervals import wilson
from ne_core.method.trees.cluster import similarities
from ne_core.numbers import fixed
from ne_core.palette import feature_colour
from ne_core.queries.intruder import QUESTIONS, SHOWN, Game, MeanDistances, Question, mean_distances
from ne_core.queries.maximum import maximum
from ne_core.refs import FeatureRef
from pages.components.base.assets import component, drawn_key
from pages.components.cached.embedder import embedder
from pages.components.matching.find import classes
from pages.components.text.labels import label
from pages.components.url.game_view import View
from pages.components.url.links import neuron_href
from pages.components.widgets.token_lines.lines import lines

GAME = component(
    __file__,
    "game",
    html='<nav id="questions" aria-label="Questions"></nav><ol id="examples"></ol>'
    '<div id="answer" role="status"></div><div id="facts"></div><a id="next"></a><p id="score"></p>'
    '<div id="split"></div><div id="tools"><button id="export" type="button">Export results (CSV)</button>'
    '<button id="clear" type="button">Clear results</button></div>'
    '<p id="blocked" hidden>This browser blocks storage, so results are lost when the tab is closed.</p>'
    '<p id="status" role="status"></p>',
    parts=("storage", "status_line", "results", "score"),
)
BEFORE, AFTER = 14, 6  # tokens shown around the key token


def show_question(atlas: Atlas, view: View, game: Game) -> None:
    question = game.questions[view.question]
    drawn = {
        "label": f"Examples of question {view.question + 1}",
        "maximum": maximum(atlas, question.neuron),
        "causal": atlas.manifest.causal,
        "images": atlas.manifest.images,
        "lines": example_lines(atlas, question),
        "result": result(atlas, view, question),
        "facts": facts(atlas, question),
        "why": why(atlas, question),
    }
    whole = {
        "ids": [question_id(each) for each in game.questions],
        "addresses": [view.to(question=number).href(atlas) for number in range(len(game.questions))],
        "layers": {layer: layer_mark(atlas.manifest, layer) for layer in atlas.layers},
        "classes": NAMES,
        "chance": 1 / SHOWN,
        "intervals": intervals(),
    }
    data = {**drawn, **whole}
    GAME(data={"key": drawn_key(data), **data}, key="game")


def question_id(question: Question) -> str:
    """Hash by which the browser finds the result of a question: that of another atlas of the same name differs."""
    return drawn_key([str(question.neuron), question.rows, question.answer])


def example_lines(atlas: Atlas, question: Question) -> list[dict]:
    """Lines without importances, which only some examples have, and images without their numbers."""
    shown = lines(atlas, atlas.neuron(question.neuron), question.rows, BEFORE, AFTER)
    return [line | {"m": None} | nameless(line) for line in shown]


def nameless(line: dict) -> dict:
    return {"image": line["image"] | {"words": f"a {line['t'][0]}"}} if "image" in line else {}


def result(atlas: Atlas, view: View, question: Question) -> dict:
    """Everything that the browser stores about a question, except the choice."""
    kind = CLASSES[classes(atlas)[atlas.feature_id(question.refs[0])]]
    return {
        "atlas": atlas.slug,
        "seed": view.seed,
        "level": view.level,
        "question": view.question,
        "id": question_id(question),
        "layer": question.neuron.layer,
        "neuron": question.neuron.neuron,
        "feature": question.feature,
        "sibling": question.sibling,
        "class": kind,
        "answer": question.answer,
    }


def facts(atlas: Atlas, question: Question) -> list[dict]:
    """The feature of the five and that of the intruder: names and links."""
    titles = ("The five", "The intruder")
    return [{"title": title, **named(atlas, ref)} for title, ref in zip(titles, question.refs, strict=True)]


def named(atlas: Atlas, ref: FeatureRef) -> dict:
    return {
        "number": ref.feature,
        "colour": feature_colour(ref.feature).css,
        "name": ref_name(atlas.manifest, ref),
        "href": neuron_href(atlas, ref),
        **label(atlas, atlas.feature_id(ref)).data(),
    }


def why(atlas: Atlas, question: Question) -> str:
    """Sentence on the distances of the intruder and of the five."""
    if not atlas.manifest.inputs:
        return "Their distances are unknown: this atlas was built without inputs (--inputs yes stores them)."
    distances = distances_of(atlas, question)
    return (
        f"Mean cosine distance of the intruder to the five: {fixed(distances.intruder)}; "
        f"of the five to each other: {fixed(distances.five)}."
    )


def distances_of(atlas: Atlas, question: Question) -> MeanDistances:
    """Distances in the space of the atlas's features. Raises AtlasError for a wrong number of inputs."""
    ref, rows = question.neuron, list(question.rows)
    x, w = atlas.neuron_inputs(ref)[rows], atlas.weights(ref.layer).W_in[:, ref.neuron]
    with np.errstate(all="ignore"):  # inputs may be invalid; an unknown distance is shown as a dash
        embeddings = embedder(atlas, ref.layer)(atlas.manifest.embedding, x.astype(np.float32), w.astype(np.float32))
        return mean_distances(similarities(embeddings), question.answer)


def intervals() -> list[list[Sequence[float]]]:
    """The 95 % interval of k of n right answers, by n and k."""
    return [[list(ends) for ends in np.transpose(wilson(np.arange(n + 1), n)).tolist()] for n in range(QUESTIONS + 1)]
