"""Upload to the hub in one commit, so that readers never see half of it; every error is one line."""

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
HUB_FILES = {".gitattributes", "README.md"}  # files that a repository may have before its first atlas
MESSAGES = {
    401: "the hub does not know this token: run `hf auth login`, or set HF_TOKEN to another",
    403: "this token may not write there: use one that may",
    404: "the hub has no such owner, or this token may not see it",
    409: "somebody else is writing to it: push again",
    412: "it was changed during the push: push again",
}


def upload(selection: Selection, readme: str, repository: str, private: bool, on_progress: OnProgress = silent) -> str:
    """Upload the selection and return a report. Raises ConfigError. `on_progress` counts bytes."""
    try:
        import httpx2  # what the client sends with
        from huggingface_hub import HfApi, get_token
    except ImportError:
        raise ConfigError("push needs huggingface_hub: install what requirements.txt names") from None
    quiet_client()
    if not get_token():
        raise ConfigError(
            "the hub accepts nothing without a token: run `hf auth login`, or set HF_TOKEN to one that may write"
        )
    client = HfApi(endpoint=endpoint())
    try:
        return commit_files(client, selection, readme, repository, private, on_progress)
    except ConfigError:
        raise
    except httpx2.TransportError as error:
        raise ConfigError(f"{client.endpoint} cannot be reached: {first_line(error)}") from error
    except (OSError, ValueError, RuntimeError, httpx2.HTTPError) as error:
        raise ConfigError(f"{repository} was not pushed: {reason(error)}") from error


def quiet_client() -> None:
    """Silence the warnings and the progress bars of the client: this command shows errors and progress."""
    from huggingface_hub.utils import disable_progress_bars, logging

    logging.set_verbosity_error()
    disable_progress_bars()


def reason(error: Exception) -> str:
    """Return the reason in one line: a message for the status, or the text of the hub or its client."""
    response = getattr(error, "response", None)
    if response is not None and response.status_code in MESSAGES:
        return MESSAGES[response.status_code]
    lines = [line for line in str(error).splitlines() if line.strip()]
    return first_line(ValueError(" ".join(map(str.strip, lines[:2])))) if lines else type(error).__name__


def commit_files(
    client, selection: Selection, readme: str, repository: str, private: bool, on_progress: OnProgress = silent
) -> str:
    """Commit all files at once, deleting those of an earlier push that are gone; no commit if nothing has changed."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    client.create_repo(repository, repo_type="dataset", private=private or None, exist_ok=True)
    repository_info = client.dataset_info(repository)
    if private and not repository_info.private:
        raise ConfigError(f"{repository} exists and is public: name another one, or make it private on the hub first")
    content = {"README.md": readme.encode(), "manifest.json": selection.text}
    content |= {name: selection.root / name for name in selection.files}
    deleted = sorted(earlier_files(client, repository, repository_info) - content.keys())
    operations = [CommitOperationAdd(name, data) for name, data in content.items()]
    operations += [CommitOperationDelete(name) for name in deleted]
    send_files(client, repository, readme, operations[: len(content)], selection, on_progress)
    message = f"Atlas of schema version {selection.manifest.schema_version}"
    commit = client.create_commit(
        repository, operations, repo_type="dataset", commit_message=message, parent_commit=repository_info.sha
    )
    summary = f"{len(content)} files, {megabytes(selection.size)}"
    summary += f", {len(deleted)} of an earlier push deleted" if deleted else ""
    summary = summary if commit.oid != repository_info.sha else "nothing has changed"
    return f"{client.endpoint}/datasets/{repository}: {summary}, commit {commit.oid[:12]}"


def send_files(
    client, repository: str, readme: str, additions: list, selection: Selection, on_progress: OnProgress
) -> None:
    """Upload the large files in groups, before the commit that refers to them, to report progress in bytes."""
    from huggingface_hub import RepoCard

    RepoCard(readme).validate(repo_type="dataset")  # before anything is uploaded
    done, total = 0, sum(entry["size"] for entry in selection.files.values())
    for start in range(0, len(additions), AT_ONCE):
        group = additions[start : start + AT_ONCE]
        client.preupload_lfs_files(repository, group, repo_type="dataset", free_memory=False)
        done += sum(
            selection.files[each.path_in_repo]["size"] for each in group if each.path_in_repo in selection.files
        )
        on_progress(done, total)


def earlier_files(client, repository: str, repository_info) -> set[str]:
    """Return the files of an earlier push. Raises ConfigError if the repository holds other files."""
    names = {file.rfilename for file in repository_info.siblings or []}
    if names <= HUB_FILES:
        return set()
    if "manifest.json" not in names:
        raise ConfigError(f"{repository} holds files and no atlas: it is left as it is, name another repository")
    with tempfile.TemporaryDirectory() as folder:
        path = client.hf_hub_download(
            repository, "manifest.json", repo_type="dataset", revision=repository_info.sha, local_dir=folder
        )
        manifest = json.loads(Path(path).read_text(encoding="utf-8"))
    files = manifest.get("files") if isinstance(manifest, dict) else None
    return {name for name in files if NAME.fullmatch(name)} & names if isinstance(files, dict) else set()
