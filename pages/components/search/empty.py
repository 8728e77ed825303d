"""What the search says when nothing was asked, and when nothing was found: what would work."""

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
MOST_WORDS = 6  # of a query that are looked up one by one

MORE = "- **More like this**, beside every feature that is found and on its page, finds the features nearest to it."
HOW = (
    "- **Words** are looked up in the key tokens of each feature and in its five most central examples; all of "
    "them must be there, the last may be unfinished from its third letter on. Of several words, features that have "
    "them in a row come first, then those that have all of them in one example.\n"
    "- **Exact token** finds features that fire on one token of the vocabulary; ␣ stands for a space.\n"
    "- **Name** finds features whose names hold the words.\n"
    "- **Snippet** finds a piece of text as it stands in an example, signs and order kept. Capitals count when it "
    "has some.\n" + MORE
)
HOW_OF_IMAGES = (
    "- **Words** are looked up in the labels of each feature’s images; all of them must be there, the last may be "
    "unfinished from its third letter on.\n"
    "- **Exact label** finds features that fire on images of one class; ␣ stands for a space.\n" + MORE
)


def nothing_asked(atlas: Atlas) -> None:
    st.markdown(HOW_OF_IMAGES if atlas.manifest.images else HOW)
    names = words_first(vocabulary(atlas).frequent[:100])[:EXAMPLES]
    if names:
        st.caption(f"{atlas.manifest.vocabulary.Key_tokens} that many features share:")
        token_links(atlas, names)


def token_links(atlas: Atlas, names: list[str]) -> None:
    shown = [Chip(name, View(name, "token").href(atlas)) for name in names]
    chips(shown, name="tokens", label=atlas.manifest.vocabulary.Key_tokens)


def nothing_found(atlas: Atlas, view: View, found: SearchResults) -> None:
    if found.unfiltered and view.among != FeatureFilter() and (view.mode != "snippet" or view.like is not None):
        st.markdown(f"**No feature passes these filters.** Without them there are {found.unfiltered:,}.")
        chips([Chip("Without filters", view.to(among=FeatureFilter()).href(atlas))], name="widen", label="Wider")
        return
    said = {"token": no_token, "snippet": no_piece}.get(view.mode, no_words)
    st.markdown(markdown(said(atlas, view, found)))
    if view.mode == "token":
        near = [Chip(name, view.to(q=name).href(atlas)) for name in suggestions(atlas, view.q)]
    else:
        near = fewer_words(atlas, view)
    if near:
        st.caption(f"{atlas.manifest.vocabulary.Key_tokens} like it:" if view.mode == "token" else "These find some:")
        chips(near, name="near", label="Near searches")


def no_words(atlas: Atlas, view: View, found: SearchResults) -> str:
    if not words_of(view.q):
        exact = "label" if atlas.manifest.images else "token or in a snippet"
        return f"There is no word in this: signs are found as an exact {exact}."
    where = "name" if view.mode == "name" else "examples"
    return f"No feature has all of these words in its {where}."


def no_token(atlas: Atlas, view: View, found: SearchResults) -> str:
    if atlas.manifest.images:
        named = tokens_named(atlas, view.q)
        return "This is a class, but no feature has it as a label." if named else "No class has this label."
    if tokens_named(atlas, view.q):
        return "This is a token of the vocabulary, but no feature has it as a key token."
    return "The vocabulary has no such token. Write it as the vocabulary does; ␣ stands for a space."


def no_piece(atlas: Atlas, view: View, found: SearchResults) -> str:
    said = "No example that was read holds this text as it stands. It must begin where a word does."
    return f"{said} Only the largest features were read, {MOST_WINDOWS:,} examples." if found.unread else said


def fewer_words(atlas: Atlas, view: View) -> list[Chip]:
    """Each word by itself, where it finds something; of texts, their words in any order first."""
    words = list(dict.fromkeys(words_of(view.q)))[:MOST_WORDS]
    tried = [" ".join(words), *words] if view.mode != "words" else words
    counts = {q: len(atlas.search.words(q)) for q in dict.fromkeys(tried) if q and (q, "words") != (view.q, view.mode)}
    return [
        Chip(f"{q}: {count:,} feature{'s' * (count != 1)}", View(q, among=view.among).href(atlas))
        for q, count in counts.items()
        if count
    ]
