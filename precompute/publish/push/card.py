"""Card of an atlas, the README.md of its repository, generated from the manifest: the same for the same atlas.

Names in a manifest are untrusted: they are JSON strings in the front matter, and code spans below it.
"""

import hashlib
import json

from ne_core import VERSION
from ne_core.amounts import megabytes
from ne_core.atlas.lab_schema import FOLDER, TABLE
from ne_core.atlas.manifest import Corpus, Manifest
from ne_core.atlas.schema import FEATURES, NEURONS, Column
from ne_core.atlas.typed_json import to_json
from ne_core.export.provenance import TOOL, bibtex, paper
from ne_core.sharing.archive.selection import Selection, inputs_size
from ne_core.text.token_text import visible

TAGS = ("neuron-embeddings", "interpretability", "mechanistic-interpretability", "polysemanticity")
LONGEST = 200  # characters of a name
SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
LARGEST = "10M<n<100M"
TABLES = (("features", "features.parquet", FEATURES), ("neurons", "neurons.parquet", NEURONS))


def card(selection: Selection, repository: str, license: str | None) -> str:
    """Return the whole card."""
    n_features = count_features(selection)
    parts = (
        front_matter(selection.manifest, license, n_features),
        head(selection, n_features),
        how_to_open(repository),
        origin(selection),
        *(table(file, columns) for _, file, columns in TABLES),
        contents(selection.manifest, license),
        f"## Cite\n\n{paper()}\n\n```bibtex\n{bibtex()}\n```\n",
    )
    return "\n".join(parts)


def count_features(selection: Selection) -> int:
    """Number of features at the atlas's own cut."""
    import pyarrow.parquet as pq  # imported here: it takes a tenth of a second

    return pq.read_metadata(selection.root / "features.parquet").num_rows


def front_matter(manifest: Manifest, license: str | None, n_features: int) -> str:
    """Return the YAML that the hub reads: a JSON string is a YAML string, whatever it contains."""
    files = [(name, file) for name, file, _ in TABLES]
    if f"{FOLDER}/{TABLE}" in manifest.files:
        files.append(("lab", f"{FOLDER}/{TABLE}"))
    lines = [f"pretty_name: {string(f'Neuron embeddings: {text(manifest.name)}')}"]
    lines += [f"license: {string(license)}"] if license else []
    lines += ["tags:", *(f"- {string(tag)}" for tag in TAGS)]
    lines += ["size_categories:", f"- {string(size_category(n_features))}", "configs:"]
    for name, file in files:
        lines += [f"- config_name: {string(name)}", f"  data_files: {string(file)}"]
        lines += ["  default: true"] if name == "features" else []
    return "\n".join(["---", *lines, "---", ""])


def string(content: str) -> str:
    return json.dumps(content, ensure_ascii=False)


def text(value: object) -> str:
    """Format a value of a manifest as one short line of visible characters."""
    line = visible(value if isinstance(value, str) else json.dumps(value))
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def code(value: object) -> str:
    """Format a value as a code span that it cannot close."""
    return f"`{text(value).replace('`', '´').strip() or '∅'}`"


def size_category(n: int) -> str:
    """Return the hub's size category of the table that is shown first."""
    return next((name for below, name in SIZES if n < below), LARGEST)


def head(selection: Selection, n_features: int) -> str:
    manifest = selection.manifest
    examples = "images" if manifest.images else "texts"
    units = f"{sum(manifest.n_neurons):,} {manifest.units} in {len(manifest.layers)} layers"
    return (
        f"# {code(manifest.name)}: what single {manifest.units} mean\n\n"
        f"An atlas for the {TOOL} {VERSION}: {n_features:,} features of {units}, found in "
        f"{manifest.n_examples:,} {examples} by clustering embeddings ({manifest.embedding}).\n"
    )


def how_to_open(repository: str) -> str:
    return (
        "## Open it\n\nIn a checkout of the explorer:\n\n```sh\n"
        f"NE_ATLAS=hf://{repository} make app\n```\n\n"
        "fetches, checks and shows it; the same without the app, to read it with `ne_core` from a notebook:\n\n"
        f"```sh\n.venv/bin/python -m precompute fetch hf://{repository}\n```\n"
    )


def origin(selection: Selection) -> str:
    """Describe the model, the corpus and the settings, from the manifest."""
    manifest = selection.manifest
    model, corpus = manifest.model, manifest.corpus
    lines = [
        f"model: {code(model.name)}, family {code(model.family)}, activation function "
        f"{code(model.act_fn)}, sha256 of its weights {code(model.sha256)}, read {code(manifest.weights)}",
        f"corpus: {code(corpus.name)}, {code(corpus.n_documents)} documents, sha256 of the part used "
        f"{code(corpus.sha256)}",
        *(f"of the corpus: {code(note)}" for note in notes(corpus)),
        f"activating examples: those that reach {code(manifest.keep)} of a neuron's maximum, the first "
        f"{code(manifest.max_examples)}, near duplicates {manifest.near_duplicates}",
        f"features: trees cut at a cosine distance of {code(manifest.default_cut)}",
        f"token importance: masks {code(manifest.baselines)}, {code(to_json(manifest.importance))}",
        f"schema version {code(manifest.schema_version)}, made with "
        f"{code(', '.join(f'{name} {version}' for name, version in manifest.libraries.items()))}",
        f"size: {megabytes(selection.size)}, {inputs_text(selection)}",
        f"sha256 of manifest.json, which names the atlas: {code(hashlib.sha256(selection.text).hexdigest())}",
    ]
    if model.sae is not None:
        lines.insert(1, f"autoencoder whose latents are read: {code(model.sae)}")
    return "\n".join(["## Sources and settings\n", *(f"- {line}" for line in lines), ""])


def notes(corpus: Corpus) -> list:
    """Return at most nine notes about the corpus."""
    return corpus.notes[:9] if isinstance(corpus.notes, list) else []


def inputs_text(selection: Selection) -> str:
    if not selection.manifest.inputs:
        return "without `inputs/`, the x of every activating example"
    return f"{megabytes(inputs_size(selection.manifest))} of it `inputs/`, the x of every activating example"


def table(file: str, columns: tuple[Column, ...]) -> str:
    """Describe the columns of a table, as in the schema."""
    rows = [f"| `{column.name}` | {column.meaning} |" for column in columns]
    return "\n".join([f"## {file}\n", "| column | meaning |", "| --- | --- |", *rows, ""])


def contents(manifest: Manifest, license: str | None) -> str:
    """Describe the atlas's content that is under other licenses."""
    data = "the images themselves" if manifest.images else "excerpts of the corpus, as tokens and in a search index"
    return (
        f"## Licenses\n\nThe atlas holds {data}, the names of the model's tokens and its input weights: "
        f"the licenses of corpus and model hold for them{', the one above for the rest' if license else ''}.\n"
    )
