"""The features that a search found, a page at a time, each with why it was found."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.text.token_text import spelled
from ne_core.text.words import words_of
from pages.components.base.escape import markdown
from pages.components.cached.vocabulary import tokens_named
from pages.components.matching.find import MOST_LIKE, MOST_WINDOWS, PAGE, SearchResults
from pages.components.matching.why_matched import Match, highlighted, matches
from pages.components.shell.nav import pages_of
from pages.components.text.page_words import page_words
from pages.components.url import location
from pages.components.url.across_layers_view import trail_href
from pages.components.url.links import in_space, neuron_href
from pages.components.url.search_view import View, more_like
from pages.components.widgets.chips import Chip, chips
from pages.components.widgets.features import feature_row, feature_rows
from pages.components.widgets.token_lines.lines import lines


def show_hits(atlas: Atlas, view: View, found: SearchResults) -> None:
    span = slice(view.page * PAGE, min(len(found), (view.page + 1) * PAGE))
    st.caption(markdown(" ".join([*counted(atlas, view, found), f"{span.start + 1:,} to {span.stop:,} shown."])))
    rows = hit_rows(atlas, view, found, span)
    feature_rows(rows, atlas=atlas, name="hits", label="Features found", n_visible=PAGE, narrow=True)
    show_pages(atlas, view, found)


def counted(atlas: Atlas, view: View, found: SearchResults) -> list[str]:
    """How many there are, among how many; by what they are ranked, and where the search ended."""
    n, said = len(found), []
    if view.like is not None:
        most = min(MOST_LIKE, found.unfiltered)
        others = f"features of other {atlas.manifest.vocabulary.units}"
        said.append(f"The {n:,} nearest of {found.unfiltered:,} {others}, the nearest first.")
        return said if n == most else [*said, "Only those that pass the filters count."]
    what = f"{n:,} feature{'s' * (n != 1)}"
    if view.mode == "token":
        names = location.listed([f"“{spelled(atlas.vocab[id])}”" for id in tokens_named(atlas, view.q)][:4])
        what += f" with the {atlas.manifest.vocabulary.key_token} {names}"
    if view.mode == "snippet":
        what += " with an example that holds this text, those with most such examples first."
        return [what, unread(found)] if found.unread else [what]
    filtered = f" of {found.unfiltered:,}" if found.unfiltered > n else ""
    if view.mode == "words" and len(words_of(view.q)) > 1:
        return [f"{what}{filtered}.", *nearness(found)]
    return [f"{what}{filtered}, the largest first."]


def nearness(found: SearchResults) -> list[str]:
    """How several words stand in the examples of the features that were found, in the order in which they are shown."""
    apart = len(found) - found.in_a_row - found.in_one - found.unread
    kinds = {
        f"{found.in_a_row:,} have these words in a row, those with most such examples first": found.in_a_row,
        f"{found.in_one:,} have all of them in one example, the nearest together first": found.in_one,
        f"{found.unread:,} were not read, which {MOST_WINDOWS:,} examples of larger ones were: more words or a filter "
        "reach them": found.unread,
        f"{apart:,} have them in different examples, the largest first": apart,
    }
    return ["; ".join(text for text, count in kinds.items() if count) + "."]


def unread(found: SearchResults) -> str:
    return (
        f"The largest features with its words were read, {MOST_WINDOWS:,} examples in all; {found.unread:,} smaller "
        "ones were not: more words or a filter reach them."
    )


def hit_rows(atlas: Atlas, view: View, found: SearchResults, span: slice) -> list[dict]:
    """Some of the hits for `feature_rows`, each with an example that shows why it was found."""
    shown = matches(atlas, view, found, span)
    return [hit(atlas, view, id, why) for id, why in zip(found.ids[span].tolist(), shown, strict=True)]


def hit(atlas: Atlas, view: View, id: int, match: Match) -> dict:
    ref = atlas.feature_ref(id)
    line = lines(atlas, atlas.neuron(ref.of), [match.row])[0]
    line["h"] = highlighted(atlas, view, line)
    also = [("More like this", more_like(atlas, ref, view.space))]
    if "across_layers" in pages_of(atlas):
        also.append(("Across layers", trail_href(atlas, ref, view.space)))
    href = neuron_href(atlas, ref, **in_space(atlas, view.space))
    return feature_row(atlas, id, named=True, line=line, why=match.why, also=also, href=href)


def show_pages(atlas: Atlas, view: View, found: SearchResults) -> None:
    last = (len(found) - 1) // PAGE
    if not last:
        return
    steps = {"Previous": view.page - 1, "Next": view.page + 1}
    shown = [Chip(name, view.to(page=to).href(atlas) if 0 <= to <= last else None) for name, to in steps.items()]
    chips([shown[0], Chip(page_words(view.page, last + 1), None), shown[1]], name="pages", label="Pages")
