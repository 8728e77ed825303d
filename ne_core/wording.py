"""An atlas in its own words: neurons of numbered layers or latents with a name, examples that are texts or images."""

import re

from ne_core.manifest import Manifest
from ne_core.refs import FeatureRef, NeuronRef
from ne_core.token_text import short

UNIT = re.compile(r"\b([Nn])euron(s?)\b(?! embedding)")
# What is said of texts, and instead of images; the first that fits counts.
OF_IMAGES = {
    "no token of the corpus": "no image",
    "some token of the corpus": "some image",
    "sampled positions of the corpus": "sampled images",
    "activation on the key token": "activation",
    "activation on its key tokens": "activation",
    "Key tokens in common": "Labels in common",
    "key token": "label",
    "tokens as active as this have": "a label as active as this has",
    "one language model": "one model of images",
    "mean over all tokens": "mean over all classes",
    "tokens": "classes",
    "token": "class",
}
PHRASE = re.compile("|".join(OF_IMAGES))


def said(manifest: Manifest, text: str) -> str:
    """A text about neurons that read texts, in the words of this atlas."""
    if manifest.images:
        text = PHRASE.sub(lambda found: OF_IMAGES[found.group()], text)
    if manifest.units == "latents":
        text = UNIT.sub(lambda found: f"{'L' if found[1] == 'N' else 'l'}atent{found[2]}", text)
    return text


def layer_name(manifest: Manifest, layer: int) -> str:
    """“Layer 3”, or its name, which is a stranger's text made visible."""
    return f"Layer {layer}" if manifest.raw["layer_names"] is None else short(manifest.layer_names[layer])


def unit_title(manifest: Manifest, ref: NeuronRef) -> str:
    """“Layer 3 · Neuron 17”, “standard SAE · Latent 17”."""
    return f"{layer_name(manifest, ref.layer)} · {said(manifest, 'Neuron')} {ref.neuron}"


def ref_name(manifest: Manifest, ref: NeuronRef | FeatureRef) -> str:
    """“L3 N17 F2”, or where layers have names “standard SAE 17 F2”."""
    if manifest.raw["layer_names"] is None:
        return str(ref)
    feature = f" F{ref.feature}" if isinstance(ref, FeatureRef) else ""
    return f"{layer_name(manifest, ref.layer)} {ref.neuron}{feature}"
