"""Neurons of an atlas as a list of Neuronpedia: the entries, and the address that opens them there as one list."""

import json
from collections.abc import Sequence
from urllib.parse import quote

from ne_core.atlas import Atlas
from ne_core.queries.neuronpedia import SITE, model_there
from ne_core.refs import FeatureRef, NeuronRef

MOST = 200  # neurons of one address; browsers and servers refuse very long ones


def neuronpedia_list(
    atlas: Atlas, refs: Sequence[NeuronRef | FeatureRef], model: str | None = None, source: str | None = None
) -> list[dict[str, str]]:
    """Return an entry for each neuron, in order, once; features stand for their neurons.

    `model` and `source` are the names there, such as gpt2-small and res-jb: needed for latents, and for models that are
    not known here. Raises ValueError without them.
    """
    known = model_there(atlas.manifest)
    if model is None and known is None:
        raise ValueError(
            f"neurons of {atlas.manifest.model.name} are not known on Neuronpedia: give model=, its name there, and "
            "for latents source=, such as res-jb"
        )
    model, of_source = model or known.id, f"-{source}" if source else ""
    neurons = dict.fromkeys(ref.of if isinstance(ref, FeatureRef) else ref for ref in refs)
    return [{"modelId": model, "layer": f"{ref.layer}{of_source}", "index": str(ref.neuron)} for ref in neurons]


def neuronpedia_list_href(entries: Sequence[dict[str, str]], name: str) -> str:
    """Return the address of a list. Raises ValueError for more than MOST entries."""
    if len(entries) > MOST:
        raise ValueError(f"{len(entries):,} neurons: an address holds at most {MOST}")
    features = json.dumps(list(entries), separators=(",", ":"))
    return f"{SITE}/quick-list/?name={quote(name, safe='')}&features={quote(features, safe='')}"
