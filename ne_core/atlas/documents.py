"""Documents of an atlas's texts: the document of any (example, position), its name and its group. Names are untrusted.

A document of the corpus may end within an example, where the next one starts, or go on in the next example.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, UInt8


@dataclass(frozen=True)
class Names:
    """Texts in UTF-8, one after the other; each ends before the byte of its number in `ends`."""

    utf8: UInt8[np.ndarray, " n_bytes"]
    ends: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, number: int) -> str:
        start = self.ends[number - 1] if number else 0
        return self.utf8[start : self.ends[number]].tobytes().decode("utf-8", "replace")

    def beginning(self, text: str) -> Bool[np.ndarray, " n"]:
        """Mask of the texts that begin with `text`, compared byte by byte since there may be a million."""
        piece = text.encode("utf-8", "surrogatepass")
        starts = np.concatenate([[0], self.ends])[:-1]
        matching = np.flatnonzero(self.ends - starts >= len(piece))
        for i, byte in enumerate(piece):
            matching = matching[self.utf8[starts[matching] + i] == byte]
        mask = np.zeros(len(self), dtype=bool)
        mask[matching] = True
        return mask


@dataclass(frozen=True)
class DocumentTable:
    """Documents in corpus order. `starts` are positions counted over all examples, `n_ctx` to each.

    The name of a document is that of its group, followed by its own in `names`.
    """

    n_ctx: int
    starts: Int[np.ndarray, " n_documents"]
    group: Int[np.ndarray, " n_documents"]
    names: Names
    groups: Names

    def __len__(self) -> int:
        return len(self.starts)

    def at(self, example: Int[np.ndarray, " n"], pos: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
        """Return the document of each (example, position), by bisection; the first document is that of any before."""
        positions = np.asarray(example, dtype=np.int64) * self.n_ctx + pos
        return np.maximum(np.searchsorted(self.starts, positions, side="right") - 1, 0)

    def name(self, document: int) -> str:
        """Return the whole name of a document."""
        return self.groups[int(self.group[document])] + self.names[document]

    def sources(self, example: Int[np.ndarray, " n"], pos: Int[np.ndarray, " n"]) -> Sequence[str]:
        """Return the name of the document of each (example, position)."""
        return [self.name(document) for document in self.at(example, pos).tolist()]

    def beginning(self, text: str) -> Bool[np.ndarray, " n_documents"]:
        """Mask of the documents whose whole name begins with `text`."""
        groups = [self.groups[number] for number in range(len(self.groups))]
        mask = np.array([name.startswith(text) for name in groups], dtype=bool)[self.group]
        for length in {len(name) for name in groups if len(name) < len(text) and text.startswith(name)}:
            is_start = np.array([name == text[:length] for name in groups])[self.group]
            mask |= is_start & self.names.beginning(text[length:])
        return mask

    def columns(self) -> dict[str, np.ndarray]:
        """Return the arrays by the names of their files."""
        return {
            "starts": self.starts,
            "group": self.group,
            "names": self.names.utf8,
            "name_ends": self.names.ends,
            "groups": self.groups.utf8,
            "group_ends": self.groups.ends,
        }

    @classmethod
    def of(cls, n_ctx: int, columns: Mapping[str, np.ndarray]) -> "DocumentTable":
        """Return the documents whose arrays `columns` returned."""
        names, groups = (Names(columns[f"{what}s"], columns[f"{what}_ends"]) for what in ("name", "group"))
        return cls(n_ctx, columns["starts"], columns["group"], names, groups)
