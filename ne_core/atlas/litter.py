"""Files that operating systems, file managers and notebooks leave in folders, ignored everywhere."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePath

FILES = re.compile(
    r"\.DS_Store|\._.*|\.localized|Icon\r|Thumbs\.db|ehthumbs(_vista)?\.db|desktop\.ini|\.directory|\.nfs[0-9a-f]+",
    re.IGNORECASE | re.DOTALL,
)
FOLDERS = frozenset(
    {".ipynb_checkpoints", "__MACOSX", ".Spotlight-V100", ".Trashes", ".fseventsd", ".AppleDouble", "@eaDir"}
)
PATTERNS = (".DS_Store", "._*", "Thumbs.db", "desktop.ini", *sorted(FOLDERS))  # for shutil.ignore_patterns


def is_litter(path: PurePath) -> bool:
    """True if a file or folder is litter or inside a litter folder; `path` is relative to the folder in question."""
    return bool(FILES.fullmatch(path.name)) or not FOLDERS.isdisjoint(path.parts)


def content_files(folder: Path) -> Iterator[Path]:
    """Every file below a folder, except litter."""
    return (path for path in folder.rglob("*") if path.is_file() and not is_litter(path.relative_to(folder)))


def is_empty(folder: Path) -> bool:
    """True if a folder contains nothing but litter."""
    return all(is_litter(path.relative_to(folder)) for path in folder.iterdir())
