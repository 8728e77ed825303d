"""Published forms of dictionaries, each translated into SAELens's settings and names.

form.py                 what a form is
saelens.py              SAELens, versions 2 to 6
gemma_scope.py          Gemma Scope of Gemma 2 and Gemma 3
sparsify.py             EleutherAI's sparsify
dictionary_learning.py  dictionary_learning
circuit_tracer.py       transcoders and cross-layer transcoders of circuit-tracer
"""

from precompute.models.autoencoder.forms.circuit_tracer import CROSS_LAYER, TRANSCODER
from precompute.models.autoencoder.forms.dictionary_learning import DICTIONARY_LEARNING
from precompute.models.autoencoder.forms.form import Form
from precompute.models.autoencoder.forms.gemma_scope import GEMMA_SCOPE, GEMMA_SCOPE_2
from precompute.models.autoencoder.forms.saelens import SAELENS
from precompute.models.autoencoder.forms.sparsify import SPARSIFY

FORMS = (SAELENS, GEMMA_SCOPE, GEMMA_SCOPE_2, SPARSIFY, DICTIONARY_LEARNING, TRANSCODER, CROSS_LAYER)

__all__ = ["FORMS", "SAELENS", "Form"]
