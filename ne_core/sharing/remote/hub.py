"""An atlas on the Hugging Face hub: which commit a revision is, its manifest first, then exactly the files it lists.

Plain HTTPS: the hub's own client is not needed to read. A commit never changes, and the manifest knows every checksum.
"""

import json
from pathlib import Path
from urllib.parse import quote

from ne_core.atlas import Atlas
from ne_core.atlas.checks.atlas import check_listed
from ne_core.atlas.manifest import manifest_text
from ne_core.atlas.read_manifest import MOST_BYTES, manifest_of
from ne_core.errors import AtlasError
from ne_core.sharing.archive.entry import Told
from ne_core.sharing.archive.selection import without_inputs
from ne_core.sharing.remote.download import Wanted, download, size_of
from ne_core.sharing.remote.errors import FetchError
from ne_core.sharing.remote.patience import Patience
from ne_core.sharing.remote.room import check_room
from ne_core.sharing.remote.source import COMMIT, Hub
from ne_core.sharing.remote.together import Sum, do_all
from ne_core.sharing.remote.web import Web, endpoint, speaking_of


def commit(web: Web, source: Hub, patience: Patience) -> str:
    """The commit that the source's revision is now."""
    url = f"{endpoint()}/api/datasets/{source.owner}/{source.repository}/revision/{quote(source.revision, safe='')}"
    answer = patience.keep_trying(lambda: small(source, web, url))
    try:
        sha = json.loads(answer)["sha"]
    except (ValueError, RecursionError, KeyError, TypeError):
        sha = None
    if not (isinstance(sha, str) and COMMIT.fullmatch(sha)):
        raise FetchError(f"{source}: {endpoint()} does not say which commit this is, as a hub does")
    return sha


def fill(web: Web, source: Hub, sha: str, folder: Path, inputs: bool, patience: Patience, told: Told) -> None:
    """Make `folder` the atlas of that commit: what it holds already stays, the manifest comes last."""
    text = manifest_at(web, source, sha, inputs, patience)
    manifest = manifest_of(folder, text)
    files, whole = manifest.files, manifest.size
    here = sum(size_here(folder / name, entry) for name, entry in files.items())
    folder.mkdir(exist_ok=True)
    check_room(str(source), whole, whole - here, folder)
    told(here, whole)
    so_far = Sum(told, whole, here)

    def get(name: str) -> None:
        path, entry = folder / name, files[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        wanted = Wanted(address(source, sha, name), entry["size"], entry["sha256"])
        download(web, wanted, path, patience, so_far.of(size_here(path, entry)))

    do_all(get, files, so_far.stop)
    (folder / "manifest.json").write_bytes(text)
    check(source, folder)


def check(source: Hub, folder: Path) -> None:
    """Raise FetchError unless it can be opened; every byte has been compared with the manifest by now."""
    try:
        Atlas.open(folder)
    except AtlasError as error:
        raise FetchError(f"{source}: {str(error).replace(f'{folder}/', '').replace(str(folder), 'it')}") from None


def size_here(path: Path, entry: dict) -> int:
    """How much of a file has come: no more than the manifest says."""
    return min(size_of(path), entry["size"])


def manifest_at(web: Web, source: Hub, sha: str, inputs: bool, patience: Patience) -> bytes:
    """The manifest as it is to be written: every file in it is inside the atlas, of a size and a checksum."""
    url, where = address(source, sha, "manifest.json"), Path("manifest.json")
    text = patience.keep_trying(lambda: small(source, web, url))
    try:
        manifest = manifest_of(where, text)
        check_listed(where, manifest)
        for name, entry in manifest.files.items():
            if not isinstance(entry.get("sha256"), str):
                raise AtlasError(f"{where} has no checksum for {name}")
    except AtlasError as error:
        raise FetchError(f"{source}: {error}") from None
    return text if inputs or not manifest.inputs else manifest_text(without_inputs(manifest)).encode("utf-8")


def address(source: Hub, sha: str, name: str) -> str:
    return f"{endpoint()}/datasets/{source.owner}/{source.repository}/resolve/{sha}/{quote(name)}"


def small(source: Hub, web: Web, url: str) -> bytes:
    """A short answer, whole."""
    with web.answer(url) as response, speaking_of(url):
        data = response.raw.read(MOST_BYTES + 1, decode_content=False)
        if len(data) <= MOST_BYTES:
            response.raw.read(1, decode_content=False)  # which raises where it was cut off
            return data
    raise FetchError(f"{source}: {url.rpartition('/')[2]} is longer than {MOST_BYTES:,} bytes")
