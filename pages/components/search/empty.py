"""Search page without results: help for an empty query, and suggestions when nothing matches."""

from collections.abc import Sequence

import streamlit as st

from ne_core.atlas import Atlas
from ne_core.queries.feature_filter import FeatureFilter
from ne_core.text.near_miss import MOST_WORDS as MOST_COMPARED
from ne_core.text.near_miss import near_misses
from ne_core.text.words import words_of
from pages.components.base.escape import markdown
from pages.components.cached.vocabulary import suggestions, tokens_named, vocabulary, words_first
from pages.components.matching.find import MOST_WINDOWS, SearchResults
from pages.components.url.search_view import View
from pages.components.widgets.chips import Chip, chips

EXAMPLES = 12
MOST_WORDS = 6  # of a query, each looked up separately
MOST_MISSES = 3  # near misses of a word that are offered

MORE = "- **More like this**, beside every result and on each feature’s page, finds the features most similar to it."
HOW = (
    "- **Words** searches the key tokens and the five most central examples of each feature. All words must occur; the "
    "last one may be incomplete, with at least three letters. Features that have several words in a row come first, "
    "then features that have all of them in one example, nearest to the key token first.\n"
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
        offer(f"Similar {atlas.manifest.vocabulary.key_tokens}:", near)
        return
    misses = near_queries(atlas, view)
    offer("Did you mean:", searches(atlas, misses, view), "misses", "Similar words")
    offer("Searches with results:", fewer_words(atlas, view))


def offer(title: str, links: list[Chip], name: str = "near", label: str = "Suggested searches") -> None:
    if links:
        st.caption(title)
        chips(links, name=name, label=label)


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


def near_queries(atlas: Atlas, view: View) -> list[str]:
    """The query with near misses in place of the words that no feature has: several for one word, else the nearest."""
    words = list(dict.fromkeys(words_of(view.q)))[:MOST_WORDS]
    unknown = {word: near_words(atlas, word) for word in words if not len(atlas.search.words(word))}
    if not unknown:
        return []
    choices = [unknown.get(word, [word] * MOST_MISSES) for word in words]
    queries = [" ".join(each) for each in zip(*choices, strict=False)]
    return queries if len(unknown) == 1 else queries[:1]


def near_words(atlas: Atlas, word: str) -> list[str]:
    """Words of the atlas within an edit or two; the first letter may be wrong only if the second is right."""
    return near_misses(word, atlas.search.beginning(sorted(set(word[:2])), MOST_COMPARED), MOST_MISSES)


def fewer_words(atlas: Atlas, view: View) -> list[Chip]:
    """Links to searches with results: all words of a snippet or a name in any order, then each word alone."""
    words = list(dict.fromkeys(words_of(view.q)))[:MOST_WORDS]
    queries = [" ".join(words), *words] if view.mode != "words" else words
    return searches(atlas, [q for q in queries if (q, "words") != (view.q, view.mode)], view)


def searches(atlas: Atlas, queries: Sequence[str], view: View) -> list[Chip]:
    """Links to those of the queries, by words, that have results."""
    counts = {q: len(atlas.search.words(q)) for q in dict.fromkeys(queries) if q}
    return [
        Chip(f"{q}: {count:,} feature{'s' * (count != 1)}", View(q, among=view.among).href(atlas))
        for q, count in counts.items()
        if count
    ]
