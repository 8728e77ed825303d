"""Search page without results: help for an empty query, and suggestions when nothing matches."""

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.queries.feature_filter import FeatureFilter
from ne_core.text.words import words_of
from pages.components.base.escape import markdown
from pages.components.cached.vocabulary import suggestions, tokens_named, vocabulary, words_first
from pages.components.matching.find import MOST_WINDOWS, SearchResults
from pages.components.url.search_view import View
from pages.components.widgets.chips import Chip, chips

EXAMPLES = 12
MOST_WORDS = 6  # of a query, each looked up separately

MORE = "- **More like this**, beside every result and on each feature’s page, finds the features most similar to it."
HOW = (
    "- **Words** searches the key tokens and the five most central examples of each feature. All words must occur; the "
    "last one may be incomplete, with at least three letters. Features that have several words in a row come first, "
    "then features that have all of them in one example.\n"
    "- **Exact token** finds features that fire on one token of the vocabulary; ␣ is a space.\n"
    "- **Name** finds features whose names contain the words.\n"
    "- **Snippet** finds an exact piece of text in the examples, including punctuation and order. Capitals matter only "
    "if the text has any.\n" + MORE
)
HOW_OF_IMAGES = (
    "- **Words** searches the labels of each feature’s images. All words must occur; the last one may be incomplete, "
    "with at least three letters.\n"
    "- **Exact label** finds features that fire on images of one class; ␣ is a space.\n" + MORE
)


def show_help(atlas: Atlas) -> None:
    st.markdown(HOW_OF_IMAGES if atlas.manifest.images else HOW)
    names = words_first(vocabulary(atlas).frequent[:100])[:EXAMPLES]
    if names:
        st.caption(f"{atlas.manifest.vocabulary.Key_tokens} that many features share:")
        token_links(atlas, names)


def token_links(atlas: Atlas, names: list[str]) -> None:
    links = [Chip(name, View(name, "token").href(atlas)) for name in names]
    chips(links, name="tokens", label=atlas.manifest.vocabulary.Key_tokens)


def show_no_results(atlas: Atlas, view: View, results: SearchResults) -> None:
    if results.unfiltered and view.among != FeatureFilter() and (view.mode != "snippet" or view.like is not None):
        st.markdown(f"**No feature passes these filters.** Without filters there are {results.unfiltered:,}.")
        chips(
            [Chip("Remove the filters", view.to(among=FeatureFilter()).href(atlas))],
            name="widen",
            label="Fewer filters",
        )
        return
    explain = {"token": no_token, "snippet": no_snippet}.get(view.mode, no_words)
    st.markdown(markdown(explain(atlas, view, results)))
    if view.mode == "token":
        near = [Chip(name, view.to(q=name).href(atlas)) for name in suggestions(atlas, view.q)]
    else:
        near = fewer_words(atlas, view)
    if near:
        similar = f"Similar {atlas.manifest.vocabulary.key_tokens}:"
        st.caption(similar if view.mode == "token" else "Searches with results:")
        chips(near, name="near", label="Suggested searches")


def no_words(atlas: Atlas, view: View, results: SearchResults) -> str:
    if not words_of(view.q):
        exact = "label" if atlas.manifest.images else "token or in a snippet"
        return f"The text contains no word. Search for punctuation as an exact {exact}."
    place = "name" if view.mode == "name" else "examples"
    return f"No feature has all of these words in its {place}."


def no_token(atlas: Atlas, view: View, results: SearchResults) -> str:
    if atlas.manifest.images:
        named = tokens_named(atlas, view.q)
        return "This is a class, but no feature has it as a label." if named else "No class has this label."
    if tokens_named(atlas, view.q):
        return "This is a token of the vocabulary, but no feature has it as a key token."
    return "The vocabulary has no such token. Spell it as in the vocabulary; ␣ is a space."


def no_snippet(atlas: Atlas, view: View, results: SearchResults) -> str:
    message = "None of the examples searched contains exactly this text. It must begin at the start of a word."
    limit = f"Only the largest features were searched, {MOST_WINDOWS:,} examples."
    return f"{message} {limit}" if results.unread else message


def fewer_words(atlas: Atlas, view: View) -> list[Chip]:
    """Links to searches with results: all words of a snippet or a name in any order, then each word alone."""
    words = list(dict.fromkeys(words_of(view.q)))[:MOST_WORDS]
    queries = [" ".join(words), *words] if view.mode != "words" else words
    counts = {
        q: len(atlas.search.words(q)) for q in dict.fromkeys(queries) if q and (q, "words") != (view.q, view.mode)
    }
    return [
        Chip(f"{q}: {count:,} feature{'s' * (count != 1)}", View(q, among=view.among).href(atlas))
        for q, count in counts.items()
        if count
    ]
