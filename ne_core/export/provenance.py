"""Origin of an export, how to cite it, and the name of its file."""

import hashlib
import re
from urllib.parse import urlencode

from ne_core import VERSION
from ne_core.atlas import Atlas
from ne_core.text.token_text import visible

TOOL = "Neuron embeddings explorer"
PAPER = {
    "author": "Alex Foote",
    "title": "Tackling Polysemanticity with Neuron Embeddings",
    "year": "2024",
    "arxiv": "2411.08166",
}
LONGEST = 120  # characters of a file's name before its ending


def provenance(atlas: Atlas, query: dict[str, str] | None = None) -> dict[str, str]:
    """Return what an export records about its origin; `query` is the URL query of the view that it shows."""
    model, corpus, query = atlas.manifest.model, atlas.manifest.corpus, query or {}
    return {
        "made_by": f"{TOOL} {VERSION}",
        "atlas": atlas.manifest.name,
        "manifest_sha256": manifest_sha256(atlas),
        "schema_version": str(atlas.manifest.schema_version),
        "model": str(model.name),
        "model_sha256": str(model.sha256),
        "corpus": str(corpus.name),
        "corpus_sha256": str(corpus.sha256),
        "embedding": embeddings(atlas, query),
        "view": urlencode(query),
        "cite": paper(),
    }


def embeddings(atlas: Atlas, query: dict[str, str]) -> str:
    """Name the embedding of a view, or those of its two sides."""
    shown = query.get("embedding", atlas.manifest.embedding)
    return " and ".join(dict.fromkeys(query.get(f"embedding_{side}", shown) for side in "ab"))


def manifest_sha256(atlas: Atlas) -> str:
    """Checksum of the manifest: it identifies the atlas, since the manifest lists the checksum of every other file."""
    return hashlib.sha256((atlas.root / "manifest.json").read_bytes()).hexdigest()


def paper() -> str:
    """The paper as a sentence to cite."""
    return f"{PAPER['author']}, “{PAPER['title']}”, arXiv:{PAPER['arxiv']}, {PAPER['year']}"


def citation(atlas: Atlas) -> str:
    """Cite the method's paper, this tool, and the exact atlas, in one line."""
    name = visible(atlas.manifest.name)
    return f"{paper()}; {TOOL} {VERSION}, atlas “{name}” (manifest sha256 {manifest_sha256(atlas)})."


def bibtex() -> str:
    """The paper as a BibTeX entry."""
    fields = f"author={{Foote, Alex}}, title={{{PAPER['title']}}}, year={{{PAPER['year']}}}"
    return f"@article{{foote2024neuron, {fields}, journal={{arXiv preprint arXiv:{PAPER['arxiv']}}}}}"


def file_name(atlas: Atlas, part: str, ending: str) -> str:
    """Return a name such as “demo-L3-N17-F2-examples.csv”, of letters, digits, dots, hyphens and underscores only."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", f"{atlas.slug}-{part}").lstrip(".-_")
    return f"{safe[:LONGEST] or 'export'}.{ending}"
