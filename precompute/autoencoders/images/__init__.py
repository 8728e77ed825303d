"""Atlases of images: arrays that are at hand, through the same stages as texts. An image is an example of one token.

arrays.py  what is given: images with their labels, and layers of neurons with all that they read and did
source.py  such layers as a Source, whose prompts are numbers of images
atlas.py   write_image_atlas: the stages in their order, in memory
"""

from precompute.autoencoders.images.arrays import ImageLayer, ImageSet
from precompute.autoencoders.images.atlas import ImageChoices, write_image_atlas
from precompute.autoencoders.images.source import ImageSource

__all__ = ["ImageChoices", "ImageLayer", "ImageSet", "ImageSource", "write_image_atlas"]
