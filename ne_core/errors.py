"""Errors raised while reading an atlas, each with a one-line message."""


class AtlasError(ValueError):
    """Raised for a directory that is not a readable atlas; the message is one line."""


def first_line(error: Exception) -> str:
    """Return the first line of a library's message, at most 200 characters, control characters replaced.

    The message may quote the file, so it could hold terminal escape sequences.
    """
    line = (str(error).splitlines() or [type(error).__name__])[0][:200]
    return "".join(character if character.isprintable() else "?" for character in line)
