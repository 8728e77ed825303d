"""Which atlases the explorer was told to show: by the environment, or by a file that `host` has written."""

import os
from pathlib import Path

SOURCES = "atlas.txt"


def given(data: Path = Path("data")) -> str:
    """Sources separated by commas or line breaks: NE_ATLAS, else the lines of data/atlas.txt; empty without either."""
    told = os.environ.get("NE_ATLAS", "")
    if told.strip():
        return told
    file = data / SOURCES
    return file.read_text(encoding="utf-8") if file.is_file() else ""
