"""Check that the files listed by a manifest are inside the atlas on every operating system."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ne_core.atlas.checks.manifest import brief
from ne_core.errors import AtlasError

# only letters, digits and _ - . : no drive, no NUL, no backslash; no dot at the end, which Windows removes
PART = r"[A-Za-z0-9_]([\w.-]{0,98}[\w-])?"
NAME = re.compile(rf"{PART}(/{PART}){{0,4}}", re.ASCII)


def check_names(path: Path, names: Iterable[str]) -> None:
    """Raise AtlasError unless each name is a file below the atlas's folder, distinct even without regard to case."""
    names = list(names)
    for name in names:
        if not NAME.fullmatch(name):
            raise AtlasError(f"{path} lists {brief(name)}, which is outside the atlas")
    lowercase = {"manifest.json"}
    for name in names:
        if name.lower() in lowercase:
            raise AtlasError(f"{path} lists {brief(name)} twice, in different capitals: build the atlas again")
        lowercase.add(name.lower())
    for name in names:
        if not lowercase.isdisjoint(str(folder).lower() for folder in PurePosixPath(name).parents):
            raise AtlasError(f"{path} lists {brief(name)} inside another file: build the atlas again")
