"""An atlas on the Hugging Face hub: the commit of a revision, its manifest first, then exactly the files it lists.

Plain HTTPS is enough to read from the hub. A commit never changes, and the manifest has every checksum.
"""

import json
from pathlib import Path
from urllib.parse import quote

from ne_core.atlas import Atlas
from ne_core.atlas.checks.atlas import check_listed
from ne_core.atlas.manifest import manifest_text
from ne_core.atlas.read_manifest import MOST_BYTES, manifest_of
from ne_core.errors import AtlasError
from ne_core.sharing.archive.entry import OnProgress
from ne_core.sharing.archive.selection import without_inputs
from ne_core.sharing.remote.disk_space import check_disk_space
from ne_core.sharing.remote.download import RemoteFile, download, size_of
from ne_core.sharing.remote.errors import FetchError
from ne_core.sharing.remote.parallel import TotalProgress, do_all
from ne_core.sharing.remote.retries import RetryPolicy
from ne_core.sharing.remote.source import COMMIT, Hub
from ne_core.sharing.remote.web import Web, endpoint, network_errors


def commit(web: Web, source: Hub, retry: RetryPolicy) -> str:
    """Return the current commit of the source's revision. Raises FetchError."""
    url = f"{endpoint()}/api/datasets/{source.owner}/{source.repository}/revision/{quote(source.revision, safe='')}"
    answer = retry.keep_trying(lambda: short_answer(source, web, url))
    try:
        sha = json.loads(answer)["sha"]
    except (ValueError, RecursionError, KeyError, TypeError):
        sha = None
    if not (isinstance(sha, str) and COMMIT.fullmatch(sha)):
        raise FetchError(f"{source}: {endpoint()} does not say which commit this is, as a hub does")
    return sha


def fetch_files(
    web: Web, source: Hub, sha: str, folder: Path, inputs: bool, retry: RetryPolicy, on_progress: OnProgress
) -> None:
    """Fetch the atlas of a commit into `folder`: existing files stay, the manifest is written last."""
    text = fetch_manifest(web, source, sha, inputs, retry)
    manifest = manifest_of(folder, text)
    files, whole = manifest.files, manifest.size
    n_bytes = sum(size_here(folder / name, entry) for name, entry in files.items())
    folder.mkdir(exist_ok=True)
    check_disk_space(str(source), whole, whole - n_bytes, folder)
    on_progress(n_bytes, whole)
    total = TotalProgress(on_progress, whole, n_bytes)

    def get(name: str) -> None:
        path, entry = folder / name, files[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        remote_file = RemoteFile(address(source, sha, name), entry["size"], entry["sha256"])
        download(web, remote_file, path, retry, total.file_progress(size_here(path, entry)))

    do_all(get, files, total.stop)
    (folder / "manifest.json").write_bytes(text)
    check(source, folder)


def check(source: Hub, folder: Path) -> None:
    """Raise FetchError unless the atlas can be opened; every byte has been compared with the manifest already."""
    try:
        Atlas.open(folder)
    except AtlasError as error:
        raise FetchError(f"{source}: {str(error).replace(f'{folder}/', '').replace(str(folder), 'it')}") from None


def size_here(path: Path, entry: dict) -> int:
    """Bytes of a file that are on disk, at most its size in the manifest."""
    return min(size_of(path), entry["size"])


def fetch_manifest(web: Web, source: Hub, sha: str, inputs: bool, retry: RetryPolicy) -> bytes:
    """Return the manifest as it will be written.

    Raises FetchError unless every file is inside the atlas and has a checksum.
    """
    url, path = address(source, sha, "manifest.json"), Path("manifest.json")
    text = retry.keep_trying(lambda: short_answer(source, web, url))
    try:
        manifest = manifest_of(path, text)
        check_listed(path, manifest)
        for name, entry in manifest.files.items():
            if not isinstance(entry.get("sha256"), str):
                raise AtlasError(f"{path} has no checksum for {name}")
    except AtlasError as error:
        raise FetchError(f"{source}: {error}") from None
    return text if inputs or not manifest.inputs else manifest_text(without_inputs(manifest)).encode("utf-8")


def address(source: Hub, sha: str, name: str) -> str:
    """The address of a file of one version."""
    return f"{endpoint()}/datasets/{source.owner}/{source.repository}/resolve/{sha}/{quote(name)}"


def short_answer(source: Hub, web: Web, url: str) -> bytes:
    """Read a short answer whole. Raises FetchError if it is too long."""
    with web.answer(url) as response, network_errors(url):
        data = response.raw.read(MOST_BYTES + 1, decode_content=False)
        if len(data) <= MOST_BYTES:
            response.raw.read(1, decode_content=False)  # raises if it was cut off
            return data
    raise FetchError(f"{source}: {url.rpartition('/')[2]} is longer than {MOST_BYTES:,} bytes")
