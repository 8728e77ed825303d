"""Field of the embedding whose tree, features and numbers of a neuron are shown; the atlas's own by default."""

from collections.abc import Callable
from dataclasses import Field, field

from ne_core.queries.in_embedding import OTHERS, offered, reason_unavailable
from ne_core.refs import NeuronRef
from ne_core.text.phrases import listed
from pages.components.url.declared import KEY, Context, Parameter


def own_embedding(c: Context) -> str:
    return c.atlas.manifest.embedding


def embedding(neuron: Callable[[Context], NeuronRef | None], **options) -> Field:
    """Field of an embedding in which `neuron(context)` can be shown; an invalid one gives the atlas's own."""

    def check(c: Context, name: str, usual: str) -> str:
        text, names, ref = c.request.query[name], offered(c.atlas.manifest), neuron(c)
        if text not in names:
            c.request.add_problem(name, f"the embeddings are {listed(names)}")
            return usual
        reason = ref and reason_unavailable(c.atlas, ref, text)
        if reason:
            c.request.add_problem(name, reason)
        return usual if reason else text

    parameter = Parameter(check=check, usual=own_embedding, examples=OTHERS, **options)
    return field(default=None, kw_only=True, metadata={KEY: parameter})
