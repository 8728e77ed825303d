"""To the hub in one commit, so that nobody reads half of it. Whatever goes wrong there is one line."""

import json
import tempfile
from pathlib import Path

from ne_core.amounts import megabytes
from ne_core.atlas.checks.names import NAME
from ne_core.errors import first_line
from ne_core.sharing.archive.selection import Selection
from ne_core.sharing.remote.web import endpoint
from precompute.config import ConfigError
from precompute.run.progress import OnProgress, silent

AT_ONCE = 8  # files uploaded together
OF_THE_HUB = {".gitattributes", "README.md"}  # what a repository may hold before an atlas is in it
SAID = {
    401: "the hub does not know this token: `hf auth login`, or set HF_TOKEN to another",
    403: "this token may not write there: take one that may",
    404: "the hub has no such owner, or this token may not see it",
    409: "somebody else writes to it at this moment: push again",
    412: "it has changed meanwhile: push again",
}


def upload(chosen: Selection, readme: str, repository: str, private: bool, on_progress: OnProgress = silent) -> str:
    """What to say of it. Raises ConfigError. `on_progress` counts bytes."""
    try:
        import httpx2  # what the client sends with
        from huggingface_hub import HfApi, get_token
    except ImportError:
        raise ConfigError("push needs huggingface_hub: install what requirements.txt names") from None
    quiet()
    if not get_token():
        raise ConfigError(
            "the hub takes nothing without a token: `hf auth login`, or set HF_TOKEN to one that may write"
        )
    client = HfApi(endpoint=endpoint())
    try:
        return committed(client, chosen, readme, repository, private, on_progress)
    except ConfigError:
        raise
    except httpx2.TransportError as error:
        raise ConfigError(f"{client.endpoint} cannot be reached: {first_line(error)}") from error
    except (OSError, ValueError, RuntimeError, httpx2.HTTPError) as error:
        raise ConfigError(f"{repository} was not pushed: {reason(error)}") from error


def quiet() -> None:
    """Silence the warnings and the progress bars of the client: errors and progress are shown by this command."""
    from huggingface_hub.utils import disable_progress_bars, logging

    logging.set_verbosity_error()
    disable_progress_bars()


def reason(error: Exception) -> str:
    """Why, in one line: by the answer's number where it says enough, else as the hub or its client put it."""
    response = getattr(error, "response", None)
    if response is not None and response.status_code in SAID:
        return SAID[response.status_code]
    lines = [line for line in str(error).splitlines() if line.strip()]
    return first_line(ValueError(" ".join(map(str.strip, lines[:2])))) if lines else type(error).__name__


def committed(
    client, chosen: Selection, readme: str, repository: str, private: bool, on_progress: OnProgress = silent
) -> str:
    """All files in one commit, those of an earlier push that are no more among them; none where nothing changed."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    client.create_repo(repository, repo_type="dataset", private=private or None, exist_ok=True)
    there = client.dataset_info(repository)
    if private and not there.private:
        raise ConfigError(f"{repository} is there and public: name another one, or make it private on the hub first")
    ours = {"README.md": readme.encode(), "manifest.json": chosen.text}
    ours |= {name: chosen.root / name for name in chosen.files}
    gone = sorted(earlier(client, repository, there) - ours.keys())
    operations = [CommitOperationAdd(name, content) for name, content in ours.items()]
    operations += [CommitOperationDelete(name) for name in gone]
    send_files(client, repository, readme, operations[: len(ours)], chosen, on_progress)
    message = f"Atlas of schema version {chosen.manifest.schema_version}"
    done = client.create_commit(
        repository, operations, repo_type="dataset", commit_message=message, parent_commit=there.sha
    )
    what = f"{len(ours)} files, {megabytes(chosen.size)}"
    what += f", {len(gone)} of an earlier push deleted" if gone else ""
    what = what if done.oid != there.sha else "nothing has changed"
    return f"{client.endpoint}/datasets/{repository}: {what}, commit {done.oid[:12]}"


def send_files(
    client, repository: str, readme: str, additions: list, chosen: Selection, on_progress: OnProgress
) -> None:
    """Upload the large files in groups, before the commit that refers to them, to report progress in bytes."""
    client._validate_yaml(readme, repo_type="dataset")  # as create_commit does before it uploads
    done, total = 0, sum(entry["size"] for entry in chosen.files.values())
    for start in range(0, len(additions), AT_ONCE):
        group = additions[start : start + AT_ONCE]
        client.preupload_lfs_files(repository, group, repo_type="dataset", free_memory=False)
        done += sum(chosen.files[each.path_in_repo]["size"] for each in group if each.path_in_repo in chosen.files)
        on_progress(done, total)


def earlier(client, repository: str, there) -> set[str]:
    """The files of an earlier push that are there. Raises ConfigError where the repository holds other things."""
    names = {each.rfilename for each in there.siblings or []}
    if names <= OF_THE_HUB:
        return set()
    if "manifest.json" not in names:
        raise ConfigError(f"{repository} holds files and no atlas: it is left as it is, name another repository")
    with tempfile.TemporaryDirectory() as folder:
        path = client.hf_hub_download(
            repository, "manifest.json", repo_type="dataset", revision=there.sha, local_dir=folder
        )
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
    listed = raw.get("files") if isinstance(raw, dict) else None
    return {name for name in listed if NAME.fullmatch(name)} & names if isinstance(listed, dict) else set()
