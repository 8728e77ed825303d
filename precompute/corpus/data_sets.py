"""Data sets of the Hugging Face hub by name, streamed: `NAME[:CONFIG][@SPLIT][#REVISION]`.

A data set that needs a script is not run. The hub keeps most of them as Parquet, too, in a branch of its own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

HUB_NAME = re.compile(
    r"(?P<name>[\w.-]+(?:/[\w.-]+)?)(?::(?P<config>[\w.-]+))?(?:@(?P<split>[\w.-]+))?(?:#(?P<revision>[\w./-]+))?"
)
CONVERTED = "refs/convert/parquet"
NEEDS_SCRIPT = "scripts are no longer supported"
# A smaller copy without a script, where neither the data set nor its branch can be read.
COPIES = {"Skylion007/openwebtext": "Elriggs/openwebtext-100k"}


@dataclass(frozen=True)
class DataSet:
    """A data set as a corpus names it."""

    text: str
    name: str
    config: str | None
    split: str
    revision: str | None

    @classmethod
    def parse(cls, text: str) -> "DataSet | None":
        """Return the data set of a name; None if it is not such a name."""
        match = HUB_NAME.fullmatch(text)
        return match and cls(text, match["name"], match["config"], match["split"] or "train", match["revision"])


def records(data_set: DataSet, notes: list[str]) -> Iterator[dict]:
    """Yield the rows of a data set. What was read instead of it is added to `notes`."""
    try:
        yield from opened_stream(data_set, notes)
    except Exception as error:  # of the library or any of its clients
        reason = (str(error).splitlines() or [type(error)])[0]
        raise ValueError(f"{data_set.text}: cannot be read ({reason})") from error


def opened_stream(data_set: DataSet, notes: list[str]) -> Iterator[dict]:
    """Open a data set, or where it needs a script what the hub has instead."""
    try:
        return load(data_set.name, data_set.config, data_set.split, data_set.revision)
    except RuntimeError as error:
        if data_set.revision is not None or NEEDS_SCRIPT not in str(error):
            raise
    why = f"{data_set.name} needs a script, which is not run"
    try:
        stream = load(data_set.name, data_set.config, data_set.split, CONVERTED)
        notes.append(f"{why}: its revision {CONVERTED} was read")
    except Exception:  # of the library or any of its clients
        if data_set.name not in COPIES:
            raise
        copy = COPIES[data_set.name]
        stream = load(copy, None, data_set.split, None)
        notes.append(f"{why}, and its revision {CONVERTED} cannot be read: the data set {copy} was read instead")
    return stream


def load(name: str, config: str | None, split: str, revision: str | None) -> Iterator[dict]:
    from datasets import load_dataset

    version = {} if revision is None else {"revision": revision}
    return iter(load_dataset(name, config, split=split, streaming=True, **version))
