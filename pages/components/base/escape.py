"""Escaping of untrusted text where Streamlit reads Markdown: labels, captions, links, messages.

Components and `st.text` take text as it is and do not need this.
"""

import re

from ne_core.text.token_text import visible

PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")  # every character that CommonMark lets a backslash escape
# Streamlit rewrites :emoji:, :material/icon: and arrows like -> after the backslashes are gone, so an invisible
# joiner (it never breaks a line) goes where one of them could begin.
REWRITTEN = re.compile(r"(?<=:)(?=\S)|(?<=[-<>=~])(?=[-<>=~])")
JOINER = "\u2060"


def markdown(text: str) -> str:
    """Escape a text so that Markdown shows it literally: no markup, HTML, LaTeX, emoji, icon, colour or link."""
    pieces = REWRITTEN.split(visible(text))
    return JOINER.join(PUNCTUATION.sub(r"\\\1", piece) for piece in pieces if piece)
