"""Sources of documents: a name for each, and the table that is filled while examples are made of them."""

from array import array
from dataclasses import dataclass

import numpy as np

from ne_core.atlas.documents import DocumentTable, Names
from ne_core.atlas.documents_schema import LONGEST_NAME


@dataclass(frozen=True)
class Document:
    """A text and its source: the name of its group (package, file or data set), and what follows it in its name.

    `is_chat`: a chat template wrote the text, so that special tokens that it spells are tokens.
    """

    text: str
    group: str
    name: str = ""
    is_chat: bool = False


class NameList:
    """Names added one after the other, as bytes: a list of texts would need several times the memory."""

    def __init__(self):
        self.utf8, self.ends = bytearray(), array("q")

    def add(self, name: str) -> None:
        """Add a name, truncated to LONGEST_NAME bytes; lone surrogates, as of undecodable file names, become “?”."""
        encoded = name.encode("utf-8", "replace")[:LONGEST_NAME]
        self.utf8 += encoded.decode("utf-8", "ignore").encode()  # without a character that was cut
        self.ends.append(len(self.utf8))

    def names(self) -> Names:
        return Names(np.frombuffer(bytes(self.utf8), np.uint8), np.array(self.ends, np.int64))


class DocumentList:
    """Documents added in corpus order, each with its first position, counted over all examples."""

    def __init__(self):
        self.starts, self.group = array("q"), array("i")
        self.names, self.groups, self.numbers = NameList(), NameList(), {}

    def add(self, start: int, group: str, name: str) -> None:
        if group not in self.numbers:
            self.numbers[group] = len(self.numbers)
            self.groups.add(group)
        self.starts.append(start)
        self.group.append(self.numbers[group])
        self.names.add(name)

    def documents(self, n_ctx: int) -> DocumentTable | None:
        """Return the table of all documents; None if there are none."""
        if not self.starts:
            return None
        starts, group = np.array(self.starts, np.int64), np.array(self.group, np.int32)
        return DocumentTable(n_ctx, starts, group, self.names.names(), self.groups.names())
