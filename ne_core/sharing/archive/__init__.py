"""An atlas as one file, a zip of its manifest and exactly the files that this lists: `pack` and `unpack`.

selection.py   what of an atlas is given to others, here and on a hub
packing.py     an atlas becomes an archive
unpacking.py   an archive becomes an atlas, everything checked first
directory.py   what a zip file says that it holds, and where
entry.py       one file in it
"""

from ne_core.sharing.archive.packing import pack
from ne_core.sharing.archive.unpacking import unpack

__all__ = ["pack", "unpack"]
