"""What is a word: asked alike of the texts that the search index holds and of the queries put to it."""

import re
import unicodedata

WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """The words of a text in order, without capitals and accents; digits and underscores are letters."""
    return WORD.findall(folded(text))


def folded(text: str) -> str:
    """The text without capitals and accents, letter by letter: parts of a text may be folded one by one."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))
