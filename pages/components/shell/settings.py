"""Settings and counts of an atlas as HTML. Every value is untrusted text and is escaped here."""

import html

import numpy as np

from ne_core.atlas import Atlas
from ne_core.atlas.manifest import Importance, Manifest
from ne_core.atlas.names import embeddings_formula
from ne_core.method.embeddings import EMBEDDINGS
from ne_core.text.token_text import visible

LONGEST = 500  # characters of one value
WEIGHTS = {"folded": "folded: the norm before the MLP is part of the weights", "raw": "raw: as the model has them"}


def safe(value: object) -> str:
    """Escape a value of any kind, truncated to LONGEST characters."""
    text = value[:LONGEST] if isinstance(value, str) else str(value)[:LONGEST]
    return html.escape(visible(text))


def pairs(style: str, values: dict[str, str]) -> str:
    """HTML list of names and values, both given as HTML."""
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in values.items())
    return f'<dl class="{style}">{rows}</dl>'


def counts(atlas: Atlas) -> str:
    """HTML list of the atlas's counts."""
    manifest, alive = atlas.manifest, atlas.neurons["n_examples"] > 0
    n_features = atlas.neurons["n_features"]
    return pairs(
        "ne-facts",
        {
            "layers": f"{len(atlas.layers)}",
            manifest.units: f"{len(alive):,}",
            "with examples": f"{alive.mean():.0%}" if len(alive) else "–",
            "features": f"{len(atlas.features['layer']):,}",
            "activating examples": f"{int(atlas.neurons['n_examples'].sum(dtype=np.int64)):,}",
            "with several features": f"{(n_features > 1).sum() / max(1, alive.sum()):.0%}",
            "images read" if manifest.images else "texts read": f"{len(atlas.tokens):,}",
        },
    )


def settings(manifest: Manifest) -> str:
    """HTML list of the settings that the atlas was built with."""
    model, notes = manifest.model, manifest.corpus.notes
    values = {
        "model": f"{safe(model.name)} ({safe(model.family)}, {safe(model.act_fn)})",
        **data_settings(manifest),
        "weights": WEIGHTS.get(manifest.weights, safe(manifest.weights)),
        "activating examples": selection_rule(manifest),
        "maxima": maxima_settings(manifest.maxima),
        "embedding": f"{safe(manifest.embedding)}: {EMBEDDINGS[manifest.embedding]}",
        "cut": f"cosine distance {manifest.default_cut:g}, average linkage",
        **token_settings(manifest),
        "similar features": "; ".join(embeddings_formula(manifest, space) for space in manifest.spaces),
        "seed, dtype, device": f"{safe(manifest.seed)}, {safe(manifest.dtype)}, {safe(manifest.device)}",
        "libraries": safe(", ".join(f"{name} {version}" for name, version in manifest.libraries.items())),
    }
    if notes:
        values["notes on the corpus"] = safe("; ".join(map(str, notes)) if isinstance(notes, list) else notes)
    return pairs("ne-settings", values)


def maxima_settings(maxima: object) -> str:
    """Source of the maxima, and in how many neurons they are above the corpus's."""
    facts = maxima if isinstance(maxima, dict) else {"from": maxima}
    n_above, source = facts.get("n_above_corpus"), f"from {safe(facts.get('from'))}"
    if not isinstance(n_above, int) or not n_above:
        return source
    return (
        f"{source}; above the highest activation in these texts in {count(n_above)} of {count(facts.get('n_neurons'))}"
    )


def data_settings(manifest: Manifest) -> dict[str, str]:
    """Data set that was read."""
    corpus, n_examples = manifest.corpus, f"{manifest.n_examples:,}"
    if manifest.images:
        return {"images": f"{safe(corpus.name)}, {n_examples}"}
    documents, packing = count(corpus.n_documents), safe(corpus.packing)
    return {
        "corpus": f"{safe(corpus.name)}, {documents} documents, packing: {packing}",
        "texts": f"{n_examples} examples of up to {manifest.n_ctx} tokens",
    }


def selection_rule(manifest: Manifest) -> str:
    """Rule by which activating examples were selected."""
    keep, first = manifest.keep, f"the first {safe(manifest.max_examples)}"
    least = "above 0" if keep == 0 else f"at least {percent(keep)} of a {manifest.vocabulary.unit}’s maximum"
    rest = ", without near duplicates" if manifest.near_duplicates == "dropped" else ""
    return f"{least}, {first}{rest}"


def token_settings(manifest: Manifest) -> dict[str, str]:
    """Settings that only texts have: the window and the masked tokens."""
    if manifest.images:
        return {}
    window, masks = manifest.window, safe(", ".join(manifest.baselines))
    coverage = importance_coverage(manifest.importance)
    return {
        "window": f"{window.back} tokens up to and including the key token, {window.forward} after it",
        "token importance": f"masked tokens replaced by {masks}; computed for {coverage}",
    }


def percent(share: object) -> str:
    return f"{share:.0%}" if isinstance(share, float) else safe(share)


def importance_coverage(importance: object) -> str:
    """“47 of 95 activating examples”."""
    if not isinstance(importance, Importance):
        return safe(importance)
    return f"{count(importance.rows)} of {count(importance.rows_in_all)} activating examples"


def count(value: object) -> str:
    """Format a whole number with separators; escape anything else, which an untrusted atlas may have instead."""
    return f"{value:,}" if type(value) is int else safe(value)
