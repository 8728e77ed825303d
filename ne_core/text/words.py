"""Definition of a word, used for the texts of the search index and for queries."""

import re
import unicodedata

WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """Words of a text in order, without capitals and accents; digits and underscores count as letters."""
    return WORD.findall(folded(text))


def folded(text: str) -> str:
    """Remove capitals and accents, letter by letter, so parts of a text may be folded separately."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))
