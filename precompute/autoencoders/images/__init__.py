"""Atlases of images from arrays in memory, through the same steps as texts. An image is an example of one token.

arrays.py  the input: images with their labels, and layers of neurons with their inputs and activations
source.py  such layers as a Source, whose prompts are image numbers
atlas.py   write_image_atlas: the steps in their order, in memory
"""

from precompute.autoencoders.images.arrays import ImageLayer, ImageSet
from precompute.autoencoders.images.atlas import ImageChoices, write_image_atlas
from precompute.autoencoders.images.source import ImageSource

__all__ = ["ImageChoices", "ImageLayer", "ImageSet", "ImageSource", "write_image_atlas"]
