"""Description of a synthetic atlas for its manifest, which states that it is made up."""

from ne_core.atlas.manifest import Corpus, Description, Importance, Model
from ne_core.method.embeddings import REFERENCE
from precompute.steps.layer_features import LayerFeatures
from precompute.synthetic.layer import KEEP, SAMPLED
from precompute.synthetic.neurons import HEAVIEST
from precompute.synthetic.settings import Settings
from precompute.synthetic.windows import BASELINES, KNOWN

CUT = 0.5
NOTES = [
    "Made up: no model was run. Concepts are planted directions, texts are random words with the concepts' words in "
    "them, activations and importances are random numbers of a plausible kind.",
    "Similar features were searched among features of the same family of concepts.",
]


def description(settings: Settings, layers: list[LayerFeatures]) -> Description:
    """Return the fields of the manifest that the arrays do not determine."""
    return Description(
        name="synthetic",
        units="neurons",
        model=Model(name="none, planted", family="none", act_fn="gelu", gated=False, causal=True, sha256=""),
        weights="folded",
        corpus=Corpus(name="made-up words", sha256="", n_documents=settings.examples, packing="one", notes=NOTES),
        keep=KEEP,
        max_examples=HEAVIEST,
        baselines=tuple(BASELINES),
        importance=Importance(
            examples=KNOWN,
            passes_allowed=None,
            rows=sum(int((layer.features.rank < KNOWN).sum()) for layer in layers),
            rows_in_all=sum(layer.rows.n_rows for layer in layers),
            passes=0,
        ),
        sample_positions=SAMPLED,
        contributions="it is made up: no model wrote what its neurons read",
        inputs=False,
        default_space="pre_mlp",
        embedding=REFERENCE,
        default_cut=CUT,
        seed=settings.seed,
    )
