"""Sources of atlases that are configured by the environment, or by the file that `host` writes."""

import os
from pathlib import Path

SOURCES = "atlas.txt"


def configured_sources(data: Path = Path("data")) -> str:
    """Return sources separated by commas or line breaks: NE_ATLAS, else the lines of data/atlas.txt, else an empty
    text.
    """
    sources = os.environ.get("NE_ATLAS", "")
    if sources.strip():
        return sources
    file = data / SOURCES
    return file.read_text(encoding="utf-8") if file.is_file() else ""
