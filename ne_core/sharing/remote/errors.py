"""Errors of fetching. Every message is one line without secrets, and says what would help."""

from ne_core.errors import AtlasError


class FetchError(AtlasError):
    """The source cannot be fetched; the message says why in one line."""


class PassingError(FetchError):
    """A temporary failure; `wait_s` is the wait that the server asked for, or 0."""

    def __init__(self, message: str, wait_s: float = 0.0):
        super().__init__(message)
        self.wait_s = wait_s


class ChangedError(FetchError):
    """The file at the address changed during the download."""
