"""An atlas as one file, a zip of its manifest and exactly the files that this lists: `pack` and `unpack`.

selection.py   the files of an atlas to share, as an archive or on a hub
packing.py     an atlas becomes an archive
unpacking.py   an archive becomes an atlas, everything checked first
directory.py   the directory of a zip file
entry.py       one file in it
"""

from ne_core.sharing.archive.packing import pack
from ne_core.sharing.archive.unpacking import unpack

__all__ = ["pack", "unpack"]
