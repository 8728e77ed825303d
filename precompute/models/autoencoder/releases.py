"""SAELens's table of published dictionaries; `python -m precompute sae-releases` reads it again.

`releases.json` has the facts of pretrained_saes.yaml of SAELens 6.18.0 that reading needs: a line for each release,
with its repository on the hub, the form of its files, the fields that its settings lack, and for each ID
its path and, if there is one, the scale of its inputs.
"""

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ne_core.sharing.atomic_write import write_output
from ne_core.sharing.remote.web import Web
from precompute.models.autoencoder.config import SaeError

TABLE = Path(__file__).with_name("releases.json")
PUBLISHED = "https://raw.githubusercontent.com/decoderesearch/SAELens/main/sae_lens/pretrained_saes.yaml"
MAX_BYTES = 2**26
REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)
# SAELens's names of forms -> the path in the repository, from the path in the table.
FORMS = {
    "sae_lens": "{}",
    "gemma_2": "{}",
    "gemma_3": "{}",
    "gemma_2_transcoder": "{}",
    "dictionary_learning_1": "{}",
    "sparsify": "{}",
    "mwhanna_transcoder": "{}",
    "mntss_clt_layer_transcoder": "W_enc_{}.safetensors",
}
# Fields that change the latents; the others of the table describe the training.
FIELDS = ("normalize_activations", "model_from_pretrained_kwargs", "apply_b_dec_to_input", "hook_name", "hook_name_out")


@dataclass(frozen=True)
class Published:
    """A dictionary on the hub: its repository, its path there, and fields that its settings lack."""

    repository: str
    path: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@cache
def releases() -> dict[str, dict[str, Any]]:
    """Return the table: by release its repository, form, fields, paths and scales."""
    return json.loads(TABLE.read_text(encoding="utf-8"))


def is_release(text: str) -> bool:
    return text.partition("/")[0] in releases()


def published(text: str) -> Published:
    """Return the dictionary of RELEASE/ID. Raises SaeError for an unknown ID, or a form that cannot be read."""
    name, _, sae_id = text.partition("/")
    release = releases()[name]
    if release["form"] not in FORMS:
        raise SaeError(
            f"{text}: release {name} has the form {release['form']!r}, which is not supported; "
            f"supported are {', '.join(FORMS)}"
        )
    if sae_id not in release["paths"]:
        raise SaeError(f"{text}: release {name} has no ID {sae_id[:80]!r}; it has {suggested(sae_id, release)}")
    return entry_of(release, sae_id)


def entry_of(release: Mapping[str, Any], sae_id: str) -> Published:
    """Return one dictionary of a release whose form is supported."""
    path = FORMS[release["form"]].format(release["paths"][sae_id] or sae_id)
    scale = release.get("scales", {}).get(sae_id)
    fields = release.get("fields", {}) | ({} if scale is None else {"norm_scaling_factor": scale})
    return Published(release["repository"], path, fields)


def fields_on_hub(repository: str, path: str) -> Mapping[str, Any]:
    """Return the fields that the settings at a path on the hub lack: empty if the table does not have it."""
    for release in releases().values():
        if release["repository"] == repository and release["form"] in FORMS:
            for sae_id in release["paths"]:
                entry = entry_of(release, sae_id)
                if entry.path == path:
                    return entry.fields
    return {}


def suggested(sae_id: str, release: Mapping[str, Any], n: int = 3) -> str:
    """Return the IDs that are most like an unknown one."""
    ids = list(release["paths"])
    similar = difflib.get_close_matches(sae_id, ids, n, cutoff=0.3) or ids[:n]
    return ", ".join(similar) + (", …" if len(ids) > len(similar) else "")


def similar_releases(text: str, n: int = 3) -> list[str]:
    """Return the names of releases that are much like the first part of a text."""
    return difflib.get_close_matches(text.partition("/")[0], releases(), n, cutoff=0.7)


def renew(source: str) -> int:
    """Write the table of a pretrained_saes.yaml, a file or an https address, and return the number of releases."""
    table = table_of(content_of(source), source)
    lines = (f"{json.dumps(name)}: {json.dumps(release, separators=(',', ':'))}" for name, release in table.items())
    write_output(TABLE, ("{\n" + ",\n".join(lines) + "\n}\n").encode())
    releases.cache_clear()
    return len(table)


def content_of(source: str) -> str:
    """Return the text of the file or of the address. Raises SaeError or FetchError."""
    if "://" not in source:
        if not Path(source).is_file():
            raise SaeError(f"{source}: no such file; give pretrained_saes.yaml of SAELens, or its https address")
        raw = Path(source).read_bytes()
    else:
        with Web().answer(source) as response:
            raw = b"".join(response.iter_content(2**20))
    if len(raw) > MAX_BYTES:
        raise SaeError(f"{source}: longer than {MAX_BYTES:,} bytes, which is too long for a table of releases")
    return raw.decode("utf-8", "replace")


def table_of(content: str, source: str) -> dict[str, dict[str, Any]]:
    """Return the releases of a pretrained_saes.yaml. Raises SaeError if it is another file."""
    try:
        directory = yaml.safe_load(content)
        return {str(name): release_of(entry) for name, entry in sorted(directory.items())}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise SaeError(
            f"{source}: not SAELens's table of releases, which names repo_id and saes for each: give its "
            "pretrained_saes.yaml"
        ) from error


def release_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of one release."""
    if not REPOSITORY.fullmatch(entry["repo_id"]):
        raise ValueError("no repository of the hub")
    saes = {str(each["id"]): each for each in entry["saes"]}
    overrides = entry.get("config_overrides") or {}
    facts = {
        "repository": entry["repo_id"],
        "form": entry.get("conversion_func") or "sae_lens",
        "fields": {name: overrides[name] for name in FIELDS if name in overrides},
        "paths": {key: "" if str(each["path"]) == key else str(each["path"]) for key, each in saes.items()},
        "scales": {key: each["norm_scaling_factor"] for key, each in saes.items() if "norm_scaling_factor" in each},
    }
    return {name: value for name, value in facts.items() if value}
