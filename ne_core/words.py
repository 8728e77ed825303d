"""What is a word: asked alike of the texts that the search index holds and of the queries put to it."""

import re
import unicodedata

WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """The words of a text in order, without capitals and accents; digits and underscores are letters."""
    if text.isascii():
        return WORD.findall(text.lower())
    folded = unicodedata.normalize("NFKD", text).casefold()
    letters = (c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return WORD.findall("".join(letters))
