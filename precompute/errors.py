"""What went wrong as one line for a person."""

OURS = ("precompute", "ne_core")


def one_line(error: Exception) -> str:
    """What it says, with the file it is about instead of a number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return (str(error).splitlines() or [type(error).__name__])[0]


def lacking(error: ModuleNotFoundError) -> str:
    """Where only the explorer's packages are installed, which is enough for some verbs."""
    needed = (error.name or "a package").split(".")[0]
    if needed in OURS:
        raise error
    install = "python -m pip install -r requirements.txt -c constraints.txt"
    return f"this needs {needed}, which is not installed here: {install}"
