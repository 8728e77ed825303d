"""What can go wrong on the way to an atlas. Every message is one line, without a secret, and says what would help."""

from ne_core.errors import AtlasError


class FetchError(AtlasError):
    """The source cannot be had; the message says why in one line."""


class PassingError(FetchError):
    """Trouble that may pass by itself; `wait_s` is what the server asked to wait, 0 where it did not."""

    def __init__(self, message: str, wait_s: float = 0.0):
        super().__init__(message)
        self.wait_s = wait_s


class ChangedError(FetchError):
    """Another file stands at the address than a moment ago."""
