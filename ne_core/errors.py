"""Errors that a reader of an atlas meets, each with one line that says what is wrong."""


class AtlasError(ValueError):
    """The directory is not a readable atlas; the message says in one line what is wrong."""


def first_line(error: Exception) -> str:
    """What a library said of it, short, and without what a terminal would obey: it may quote the file."""
    said = (str(error).splitlines() or [type(error).__name__])[0][:200]
    return "".join(character if character.isprintable() else "?" for character in said)
