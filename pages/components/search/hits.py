"""Search results, a page at a time, each with the reason for the match."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.queries.sources import short_source
from ne_core.text.token_text import spelled
from ne_core.text.words import words_of
from pages.components.base.escape import markdown
from pages.components.cached.vocabulary import tokens_named
from pages.components.matching.find import MOST_LIKE, MOST_WINDOWS, PAGE, SearchResults, counts_from
from pages.components.matching.why_matched import Match, highlighted, matches, of_all
from pages.components.shell.nav import pages_of
from pages.components.text.page_words import page_words
from pages.components.url import location
from pages.components.url.across_layers_view import trail_href
from pages.components.url.links import in_space, neuron_href
from pages.components.url.search_view import View, more_like
from pages.components.widgets.chips import Chip, chips
from pages.components.widgets.features import feature_row, feature_rows
from pages.components.widgets.token_lines.lines import lines
from pages.components.widgets.token_lines.sources import sources


def show_hits(atlas: Atlas, view: View, results: SearchResults) -> None:
    span = slice(view.page * PAGE, min(len(results), (view.page + 1) * PAGE))
    st.caption(markdown(" ".join([*counted(atlas, view, results), f"{span.start + 1:,} to {span.stop:,} shown."])))
    rows = hit_rows(atlas, view, results, span)
    feature_rows(rows, atlas=atlas, name="hits", label="Features found", n_visible=PAGE, narrow=True)
    show_pages(atlas, view, results)


def counted(atlas: Atlas, view: View, results: SearchResults) -> list[str]:
    """Sentences on the number of results, their order, and the limit of the search."""
    n = len(results)
    if view.like is not None:
        most = min(MOST_LIKE, results.unfiltered)
        others = f"features of other {atlas.manifest.vocabulary.units}"
        sentence = f"The {n:,} most similar of {results.unfiltered:,} {others}, most similar first."
        return [sentence] if n == most else [sentence, "Features that do not pass the filters are left out."]
    what = f"{n:,} feature{'s' * (n != 1)}"
    if view.mode == "token":
        names = location.listed([f"“{spelled(atlas.vocab[id])}”" for id in tokens_named(atlas, view.q)][:4])
        what += f" with the {atlas.manifest.vocabulary.key_token} {names}"
    if view.mode == "snippet":
        what += " with an example that contains this text, sorted by the number of such examples."
        return [what, unread(results)] if results.unread else [what]
    filtered = f" of {results.unfiltered:,}" if results.unfiltered > n else ""
    if view.mode == "words" and len(words_of(view.q)) > 1:
        return [f"{what}{filtered}.", *word_order(results, atlas.manifest.vocabulary.key_token)]
    return [f"{what}{filtered}, the largest first."]


def word_order(results: SearchResults, key_token: str) -> list[str]:
    """Sentence on how close several words are in the examples of the results, in the order of the results."""
    apart = len(results) - results.in_a_row - results.in_one - results.unread
    kinds = {
        f"{results.in_a_row:,} have these words in a row, sorted by the number of such examples": results.in_a_row,
        f"{results.in_one:,} have all of them in one example, nearest to the {key_token} first": results.in_one,
        f"{results.unread:,} were not searched, because the limit of {MOST_WINDOWS:,} examples was used up by larger "
        "features: add a word or a filter to reach them": results.unread,
        f"{apart:,} have them in different examples, the largest first": apart,
    }
    return ["; ".join(text for text, count in kinds.items() if count) + "."]


def unread(results: SearchResults) -> str:
    return (
        f"Only the largest features with these words were searched, {MOST_WINDOWS:,} examples in all, and "
        f"{results.unread:,} smaller ones were not: add a word or a filter to reach them."
    )


def hit_rows(atlas: Atlas, view: View, results: SearchResults, span: slice) -> list[dict]:
    """Rows of some of the results for `feature_rows`, each with an example that shows the match."""
    reasons = matches(atlas, view, results, span)
    return [hit(atlas, view, id, match) for id, match in zip(results.ids[span].tolist(), reasons, strict=True)]


def why_words(atlas: Atlas, view: View, id: int, match: Match) -> str:
    """Reason of a match, and how many of the feature's examples are from the source of the filter."""
    if view.among.source is None:
        return match.why
    n, size = int(counts_from(atlas, view.among.source)[id]), int(atlas.features["size"][id])
    return f"{match.why} · {of_all(n, size)} from “{short_source(view.among.source)}”".removeprefix(" · ")


def hit(atlas: Atlas, view: View, id: int, match: Match) -> dict:
    ref = atlas.feature_ref(id)
    line = lines(atlas, atlas.neuron(ref.of), [match.row])[0]
    line["h"] = highlighted(atlas, view, line)
    also = [("More like this", more_like(atlas, ref, view.space))]
    if "across_layers" in pages_of(atlas):
        also.append(("Across layers", trail_href(atlas, ref, view.space)))
    href = neuron_href(atlas, ref, **in_space(atlas, view.space))
    source = sources(atlas, atlas.neuron(ref.of), [match.row])
    from_source = {} if source is None else {"source": source[0]}
    return feature_row(
        atlas, id, named=True, line=line, why=why_words(atlas, view, id, match), also=also, href=href, **from_source
    )


def show_pages(atlas: Atlas, view: View, results: SearchResults) -> None:
    last = (len(results) - 1) // PAGE
    if not last:
        return
    steps = {"Previous": view.page - 1, "Next": view.page + 1}
    links = [Chip(name, view.to(page=page).href(atlas) if 0 <= page <= last else None) for name, page in steps.items()]
    chips([links[0], Chip(page_words(view.page, last + 1), None), links[1]], name="pages", label="Pages")
