"""Features by the words or the exact token of their examples. The query is the URL."""

import streamlit as st

from ne_core.arrays import AtlasError
from ne_core.atlas import Atlas
from ne_core.search import Hits
from ne_core.token_text import spelled
from pages.components import find, frame, links, location
from pages.components.escape import markdown
from pages.components.features import feature_row, feature_rows
from pages.components.frame import open_page
from pages.components.lines import lines
from pages.components.nav import ensure_router, page_file

ensure_router()
MODES = {"words": "Words", "token": "Exact token"}
LONGEST = 200  # characters of a query that are looked at
MOST_PAGES = 10_000


def query_of(atlas: Atlas, q: str, mode: str, page: int = 0) -> dict[str, str]:
    """The URL of a search, shortest form."""
    wanted = {"q": q, "mode": mode if mode != "words" else "", "page": str(page) if page else ""}
    return links.atlas_query(atlas, {name: value for name, value in wanted.items() if value})


def controls(atlas: Atlas, q: str, mode: str) -> None:
    st.session_state["_q"], st.session_state["_mode"] = q, mode
    left, right = st.columns([3, 1])
    left.text_input(
        "Search features",
        key="_q",
        type="search",
        max_chars=LONGEST,
        placeholder="words of their examples" if mode == "words" else "a token, such as import",
        icon=":material/search:",
        on_change=location.moved("_q", lambda text: query_of(atlas, text, mode)),
    )
    right.segmented_control(
        "Look for",
        list(MODES),
        key="_mode",
        format_func=MODES.get,
        required=True,
        on_change=location.moved("_mode", lambda picked: query_of(atlas, q, picked)),
    )


def nothing_asked(atlas: Atlas) -> None:
    st.markdown(
        "Words are looked up in the key tokens and the text of each feature’s examples; all of them must be there, the "
        "last may be unfinished. Exact token finds features that fire on one token of the vocabulary."
    )
    names = find.words_first(find.frequent_key_tokens(atlas))[:12]
    if names:
        st.caption("Key tokens that many features share:")
        token_links(atlas, names)


def token_links(atlas: Atlas, names: list[str]) -> None:
    with st.container(horizontal=True, gap="small"):
        for name in names:
            query = query_of(atlas, name, "token")
            st.page_link(page_file("search"), label=markdown(name), query_params=query)


def nothing_found(atlas: Atlas, q: str, mode: str) -> None:
    if mode == "words":
        st.markdown("No feature has all of these words in its examples.")
        return
    known = find.tokens_named(atlas, q)
    st.markdown(
        "This is a token of the vocabulary, but no feature has it as a key token."
        if known
        else "The vocabulary has no such token. Write it as the vocabulary does; ␣ stands for a space."
    )
    names = find.suggestions(atlas, q)
    if names:
        st.caption("Key tokens like it:")
        token_links(atlas, names)


def show_hits(atlas: Atlas, found: Hits, q: str, mode: str, page: int) -> None:
    first = page * find.PAGE
    said = f"{found.total:,} feature{'s' * (found.total != 1)}"
    if mode == "token":
        names = location.listed([f"“{spelled(atlas.vocab[id])}”" for id in find.tokens_named(atlas, q)][:4])
        said += f" with the key token {names}"
    st.caption(markdown(f"{said}, {first + 1} to {first + len(found.ids)} shown."))
    rows = [found_row(atlas, id, q, mode) for id in found.ids]
    feature_rows(rows, of=atlas, name="hits", label="Features found", shown=find.PAGE, narrow=True)
    with st.container(horizontal=True):
        for name, to, there in (("Previous", page - 1, page > 0), ("Next", page + 1, first + find.PAGE < found.total)):
            st.button(name, on_click=location.go, args=(query_of(atlas, q, mode, max(0, to)),), disabled=not there)


def found_row(atlas: Atlas, id: int, q: str, mode: str) -> dict:
    found = find.match(atlas, id, mode, q)
    line = lines(atlas, atlas.neuron(atlas.feature_ref(id).of), [found.row])[0]
    if mode == "words":
        line["h"] = find.tokens_holding(line["t"], q)
    return feature_row(atlas, id, named=True, line=line, why=found.why or None)


atlas = open_page("search")
at = location.read(atlas.root.name)
q = at.asked.get("q", "")[:LONGEST]
mode = at.choice("mode", tuple(MODES), "words", "the modes are")
page = at.whole("page", range(MOST_PAGES), 0, f"pages are numbered 0 to {MOST_PAGES - 1}")
st.title("Search", anchor=False)
try:
    found = find.hits(atlas, mode, q, page) if q else Hits([], 0)
    last = max(0, (found.total - 1) // find.PAGE)
    if page > last and q:
        at.wrong("page", f"this search has {location.numbers(range(last + 1), 'page')}")
        page = last
        found = find.hits(atlas, mode, q, page)
except AtlasError as error:
    st.error(markdown(str(error)))
    st.stop()
query = query_of(atlas, q, mode, page)
location.settle(at, query)
frame.remember("search", query)
at.show_problems()
controls(atlas, q, mode)
if not q:
    nothing_asked(atlas)
elif not found.ids:
    nothing_found(atlas, q, mode)
else:
    show_hits(atlas, found, q, mode, page)
