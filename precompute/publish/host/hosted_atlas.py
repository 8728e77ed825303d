"""The atlas that a host shows: its files, or the source that the host fetches it from."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ne_core.sharing.archive.selection import Selection, select_files
from ne_core.sharing.configured_sources import SOURCES
from ne_core.sharing.remote.source import Archive, Folder, Hub, parse

PUBLIC = re.compile(r"https://[\w.:/%~+=#-]+", re.ASCII)


@dataclass(frozen=True)
class HostedAtlas:
    """An atlas to copy, with `files`, or to fetch from `line`; `sizes` has the copied files only."""

    name: str
    source: str
    hub: str | None
    line: str | None
    files: Selection | None

    @property
    def names(self) -> dict[str, str]:
        return {"source": self.source, "datasets": f'["{self.hub}"]' if self.hub else "[]"}

    @property
    def sizes(self) -> dict[str, int]:
        return {name: entry["size"] for name, entry in self.files.files.items()} if self.files else {}

    def put(self, data: Path) -> None:
        """Write the atlas, or its source, into the app's folder data/."""
        data.mkdir()
        if self.files is None:
            (data / SOURCES).write_text(f"{self.line}\n", encoding="utf-8")
            return
        for name in self.sizes:
            (data / self.name / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.files.root / name, data / self.name / name)
        (data / self.name / "manifest.json").write_bytes(self.files.text)


def read_atlas(text: str, inputs: bool = False) -> HostedAtlas:
    """Read a source; a folder with or without its inputs. Raises AtlasError for an invalid or incomplete one."""
    source = parse(text)
    if isinstance(source, Folder):
        # Inputs are the larger half: without a model one page reads them, and shows a note if they are missing.
        return HostedAtlas(source.name, f"the atlas {source.name}", None, None, select_files(source.path, inputs))
    check_public(text, source)
    hub = f"{source.owner}/{source.repository}" if isinstance(source, Hub) else None
    return HostedAtlas(source.name, str(source), hub, text, None)


def check_public(text: str, source: Hub | Archive) -> None:
    """Raise ValueError for an address that must not be public: the line is in the folder and its README."""
    if isinstance(source, Archive) and not PUBLIC.fullmatch(text):
        raise ValueError(
            f"{source}: an https address that the host can reach, of letters, digits and . : / % ~ + = # - _ only, "
            "would work; set one with a key as NE_ATLAS on the host"
        )
