"""An atlas in its own words: neurons of numbered layers or latents with a name, examples that are texts or images."""

import re
from collections.abc import Sequence

from ne_core.atlas.manifest import Manifest
from ne_core.refs import FeatureRef, NeuronRef
from ne_core.text.token_text import short

UNIT = re.compile(r"(?<!hidden )\b([Nn])euron(s?)\b(?! embedding)")
# What is said of texts, and instead of images; the first that fits counts.
OF_IMAGES = {
    "no token of the corpus": "no image",
    "no text of the corpus": "no image",
    "some token of the corpus": "some image",
    "sampled positions of the corpus": "sampled images",
    "activation on the key token": "activation",
    "activation on its key tokens": "activation",
    "Key token": "Label",
    "key token": "label",
    "tokens as active as this have": "a label as active as this has",
    "its central example around the key token": "the image at its centre",
    "the key tokens, and the important words before them, that tell": "the labels that tell",
    "Open one to read its examples": "Open one to see its examples",
    "Dendrogram with text": "Dendrogram with labels",
    "even on the same text": "even on the same image",
    "pre-MLP embedding": "input",
    "Pre-MLP embedding": "Input x",
    "one language model": "one model that reads images",
    "First those with one word for each feature, then those with token importance, then those": "First those",
    "mean over all tokens": "mean over all classes",
    "tokens": "classes",
    "token": "class",
}
PHRASE = re.compile("|".join(OF_IMAGES))


def worded(manifest: Manifest, text: str) -> str:
    """A text about neurons that read texts, in the words of this atlas."""
    if manifest.images:
        text = PHRASE.sub(lambda found: OF_IMAGES[found.group()], text)
    if manifest.units == "latents":
        text = UNIT.sub(lambda found: f"{'L' if found[1] == 'N' else 'l'}atent{found[2]}", text)
    return text


def image_words(label: str, example: int) -> str:
    """“a 3, image 17”: what an image shows, for those who do not see it."""
    return f"a {label}, image {example}"


def listed(options: Sequence, joined: str = "or") -> str:
    """“a”, “a or b”, “a, b or c”."""
    *first, last = map(str, options)
    return f"{', '.join(first)} {joined} {last}" if first else last


def layer_name(manifest: Manifest, layer: int) -> str:
    """“Layer 3”, or its name, which is a stranger's text made visible."""
    if manifest.layer_names is None:
        return f"Layer {layer}"
    return short(manifest.layer_names[manifest.layers.index(layer)])


def layer_mark(manifest: Manifest, layer: int) -> str:
    """“3” where layers have numbers alone, else the name: under a column, in a list to choose from."""
    return str(layer) if manifest.layer_names is None else layer_name(manifest, layer)


def layer_marks(manifest: Manifest) -> list[str]:
    """Of all layers, in order."""
    return [layer_mark(manifest, layer) for layer in manifest.layers]


def unit_title(manifest: Manifest, ref: NeuronRef) -> str:
    """“Layer 3 · Neuron 17”, “standard SAE · Latent 17”."""
    return f"{layer_name(manifest, ref.layer)} · {worded(manifest, 'Neuron')} {ref.neuron}"


def ref_name(manifest: Manifest, ref: NeuronRef | FeatureRef) -> str:
    """“L3 N17 F2”, or where layers have names “standard SAE 17 F2”."""
    if manifest.layer_names is None:
        return str(ref)
    feature = f" F{ref.feature}" if isinstance(ref, FeatureRef) else ""
    return f"{layer_name(manifest, ref.layer)} {ref.neuron}{feature}"
