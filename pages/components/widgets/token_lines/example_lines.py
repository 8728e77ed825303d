"""Lines of the displayed examples: position, importance by each mask baseline, matches, and the requested length."""

import numpy as np
from jaxtyping import Float

from ne_core.atlas import Atlas, Neuron
from ne_core.half import number
from ne_core.method.agreement import baseline_importances, contradictions
from ne_core.queries.by_distance import reach
from pages.components.matching.text_filter import TextFilter
from pages.components.url.reading import Reading
from pages.components.widgets.example_selection import ExampleSelection
from pages.components.widgets.token_lines.lines import lines, plain
from pages.components.widgets.token_lines.sources import sources
from pages.components.widgets.token_lines.whole_examples import PER_TOKEN, outside_windows, rest_of

SHORT = (8, 4)  # tokens before and after the key token
IMPORTANT = 0.1  # least absolute importance of an important token


def example_lines(atlas: Atlas, neuron: Neuron, selection: ExampleSelection, reading: Reading) -> list[dict]:
    """Extend the dicts of `lines` with {e, p: example and position of the key token, aside, cut: [before, after]},
    {h: matching tokens}, {of: line that it nearly repeats}, {source: [short, long]}, and with several baselines
    {b: importances by baseline, d: tokens on which they disagree}. whole_examples.py adds the rest of the example.
    """
    rows, baseline = np.array(selection.rows, dtype=np.int64), reading.baseline_number(atlas.manifest.baselines)
    importances = neuron.window_importances[rows]
    before, after = limits(baseline_importances(importances, baseline), reading.context, atlas.manifest.window.forward)
    ids = atlas.window_tokens(neuron, rows)
    all_lines = lines(atlas, neuron, rows, baseline=baseline)
    for line, source in zip(all_lines, sources(atlas, neuron, rows) or (), strict=False):
        line["source"] = source
    outside = outside_windows(atlas, neuron, rows)
    for i, (line, row) in enumerate(zip(all_lines, selection.rows, strict=True)):
        inside = ids[i] >= 0
        line |= {"e": int(neuron.example[row]), "p": int(neuron.pos[row]), "aside": aside(neuron, row, selection, i)}
        if selection.first[i] != i:
            line["of"] = selection.first[i]
        if reading.holds:
            before[i], after[i] = mark_matches(line, TextFilter(atlas, reading.holds), before[i], after[i])
        if len(atlas.manifest.baselines) > 1 and line["m"] is not None:
            line |= by_baseline(importances[i][:, inside[: importances.shape[2]]])
        untrimmed = {name: line[name] for name in PER_TOKEN if name in line}
        trim(line, int(before[i]), int(after[i]))
        line |= rest_of(line, untrimmed, outside[i])
    return all_lines


def mark_matches(line: dict, text: TextFilter, before: int, after: int) -> tuple[int, int]:
    """Mark matching tokens; return the numbers of tokens to show, extended to the nearest match of each piece."""
    pieces, key = [spans for spans in text.spans(line["t"]) if spans], line["k"]
    if not pieces:
        return before, after
    line["h"] = sorted({i for spans in pieces for first, last in spans for i in range(first, last + 1)})
    nearest = [min(spans, key=lambda span: max(span[0] - key, key - span[1])) for spans in pieces]
    return max(before, *(key - first for first, _ in nearest)), max(after, *(last - key for _, last in nearest))


def aside(neuron: Neuron, row: int, selection: ExampleSelection, i: int) -> str:
    activation = number(neuron.activation[row])
    return activation if selection.distance is None else f"distance {selection.distance[i]:.3f} · {activation}"


def by_baseline(importances: Float[np.ndarray, "baselines back"]) -> dict:
    disagree = contradictions(importances[None])[0]
    return {"b": [plain(each, 2) for each in importances], "d": np.flatnonzero(disagree).tolist()}


def limits(importances: Float[np.ndarray, "n back"], context: str, forward: int) -> tuple[np.ndarray, np.ndarray]:
    """Number of tokens that each row shows before and after its key token; without importances none is important."""
    n, back = importances.shape
    if context == "whole":
        return np.full(n, back), np.full(n, forward)
    if context == "short":
        return np.full(n, SHORT[0]), np.full(n, SHORT[1])
    reached = reach(importances, IMPORTANT)
    return np.where(reached < 0, SHORT[0], reached), np.where(reached < 0, SHORT[1], 0)


def trim(line: dict, before: int, after: int) -> None:
    """Trim a line to these numbers of tokens around the key token; `cut` marks the sides with more."""
    start, stop = max(0, line["k"] - before), line["k"] + 1 + after
    line["cut"] = [start > 0, stop < len(line["t"])]
    for name in ("t", "v", "m"):
        line[name] = line[name] and line[name][start:stop]
    if "b" in line:
        line["b"] = [each[start:stop] for each in line["b"]]
    for name in ("h", "d"):
        if name in line:
            line[name] = [i - start for i in line[name] if start <= i < stop]
    line["k"] -= start
