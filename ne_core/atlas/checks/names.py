"""Are the files that a manifest lists inside the atlas, whichever system it is written to?"""

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ne_core.atlas.checks.manifest import brief
from ne_core.errors import AtlasError

# Letters, digits and _ - . alone: no drive, no NUL, no backslash. Where a name ends with a dot, Windows drops it.
PART = r"[A-Za-z0-9_]([\w.-]{0,98}[\w-])?"
NAME = re.compile(rf"{PART}(/{PART}){{0,4}}", re.ASCII)


def check_names(path: Path, names: Iterable[str]) -> None:
    """Each is a file below the atlas's folder, and none is another's place, not even where case does not count."""
    names = list(names)
    for name in names:
        if not NAME.fullmatch(name):
            raise AtlasError(f"{path} lists {brief(name)}, which is outside the atlas")
    taken = {"manifest.json"}
    for name in names:
        if name.lower() in taken:
            raise AtlasError(f"{path} lists {brief(name)} twice, but for capitals: build the atlas again")
        taken.add(name.lower())
    for name in names:
        if not taken.isdisjoint(str(folder).lower() for folder in PurePosixPath(name).parents):
            raise AtlasError(f"{path} lists {brief(name)} inside another file: build the atlas again")
