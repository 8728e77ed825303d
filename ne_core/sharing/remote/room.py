"""Is there room? Asked before anything is fetched, and said in figures."""

import math
import os
import shutil
from pathlib import Path

from ne_core.sharing.remote.errors import FetchError

GB = 10**9
MOST_GB = 20


def most_bytes() -> int:
    """NE_MOST_GB: the most that one atlas may take."""
    text = os.environ.get("NE_MOST_GB") or str(MOST_GB)
    try:
        most = float(text)
    except ValueError:
        most = math.nan
    if not 0 < most < 10**6:
        raise FetchError(f"NE_MOST_GB={text[:20]}: a number of gigabytes, such as {MOST_GB}, would work")
    return int(most * GB)


def check_allowed(what: str, whole: int) -> None:
    """Raise FetchError for more bytes than one atlas may take."""
    if whole > most_bytes():
        raise FetchError(f"{what} takes {gb(whole)}, and at most {gb(most_bytes())} are fetched: NE_MOST_GB sets that")


def check_room(what: str, whole: int, missing: int, folder: Path) -> None:
    """Raise FetchError unless `whole` bytes are allowed and the `missing` ones of them fit onto the disk."""
    check_allowed(what, whole)
    free = shutil.disk_usage(folder).free
    if missing > free:
        raise FetchError(f"{what} takes {gb(missing)} more, and {gb(free)} are free where {folder} is")


def gb(n_bytes: int) -> str:
    return f"{n_bytes / GB:,.3f} GB"
