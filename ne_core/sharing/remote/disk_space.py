"""Checks of disk space before anything is fetched."""

import math
import os
import shutil
from pathlib import Path

from ne_core.sharing.remote.errors import FetchError

GB = 10**9
MOST_GB = 20


def max_bytes() -> int:
    """Return the most bytes that one atlas may take, from NE_MOST_GB. Raises FetchError for an invalid number."""
    text = os.environ.get("NE_MOST_GB") or str(MOST_GB)
    try:
        most = float(text)
    except ValueError:
        most = math.nan
    if not 0 < most < 10**6:
        raise FetchError(f"NE_MOST_GB={text[:20]}: set a number of gigabytes, such as {MOST_GB}")
    return int(most * GB)


def check_allowed(what: str, whole: int) -> None:
    """Raise FetchError for more bytes than one atlas may take."""
    if whole > max_bytes():
        raise FetchError(f"{what} takes {gb(whole)}, and at most {gb(max_bytes())} are fetched: raise NE_MOST_GB")


def check_disk_space(what: str, whole: int, missing: int, folder: Path) -> None:
    """Raise FetchError unless `whole` bytes are allowed and the `missing` ones of them fit on the disk."""
    check_allowed(what, whole)
    free = shutil.disk_usage(folder).free
    if missing > free:
        raise FetchError(f"{what} takes {gb(missing)} more, and {gb(free)} are free where {folder} is")


def gb(n_bytes: int) -> str:
    """Bytes in GB, as text."""
    return f"{n_bytes / GB:,.3f} GB"
