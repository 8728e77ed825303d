"""The atlas that a host is to show: its files, or the line that says where the host fetches it from."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ne_core.sharing.archive.selection import Selection, selected
from ne_core.sharing.configured_sources import SOURCES
from ne_core.sharing.remote.source import Archive, Folder, Hub, parse

PUBLIC = re.compile(r"https://[\w.:/%~+=#-]+", re.ASCII)


@dataclass(frozen=True)
class Given:
    """`sizes` are those of the files that are copied, and empty for an atlas that the host fetches."""

    name: str
    shown: str
    hub: str | None
    line: str | None
    files: Selection | None

    @property
    def names(self) -> dict[str, str]:
        return {"source": self.shown, "datasets": f'["{self.hub}"]' if self.hub else "[]"}

    @property
    def sizes(self) -> dict[str, int]:
        return {name: entry["size"] for name, entry in self.files.files.items()} if self.files else {}

    def put(self, data: Path) -> None:
        """What the app finds in its folder data/."""
        data.mkdir()
        if self.files is None:
            (data / SOURCES).write_text(f"{self.line}\n", encoding="utf-8")
            return
        for name in self.sizes:
            (data / self.name / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.files.root / name, data / self.name / name)
        (data / self.name / "manifest.json").write_bytes(self.files.text)


def given(text: str) -> Given:
    """Raises AtlasError for what is no source and for an atlas that is not whole."""
    source = parse(text)
    if isinstance(source, Folder):
        # Without inputs: one page reads them, and says so where they are not there; they are the larger half.
        return Given(source.name, f"the atlas {source.name}", None, None, selected(source.path, inputs=False))
    check_public(text, source)
    hub = f"{source.owner}/{source.repository}" if isinstance(source, Hub) else None
    return Given(source.name, str(source), hub, text, None)


def check_public(text: str, source: Hub | Archive) -> None:
    """The line lies in a folder that others may read, and stands in its README."""
    if isinstance(source, Archive) and not PUBLIC.fullmatch(text):
        raise ValueError(
            f"{source}: an address that the host can reach by https, of letters, digits and . : / % ~ + = # - _ alone, "
            "would work; one with a key in it belongs into the host's setting NE_ATLAS"
        )
