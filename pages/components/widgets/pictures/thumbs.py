"""Images for components (`picture` in shared.js): pixels in base64, and a description for screen readers."""

import base64

import numpy as np
from jaxtyping import Int

from ne_core.atlas import Atlas
from ne_core.text.phrases import image_words


def thumbs(atlas: Atlas, examples: Int[np.ndarray, " n"]) -> list[dict]:
    """Data of images, {pixels, height, width, max, words} each, of examples of an atlas of images."""
    height, width = atlas.images.shape[1:]
    labels = atlas.tokens[examples, 0].tolist()
    return [
        {
            "pixels": base64.b64encode(np.ascontiguousarray(atlas.images[example])).decode(),
            "height": height,
            "width": width,
            "max": atlas.brightest,
            "words": image_words(atlas.visible_tokens[label], example),
        }
        for example, label in zip(examples.tolist(), labels, strict=True)
    ]
