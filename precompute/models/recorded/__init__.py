"""Activations that exist already, read as a model that needs no weights: `open_recorded(folder)`.

files.py    the folder: activations.json and arrays -> a checked recording
source.py   RecordedSource, which gives a build what the arrays hold
"""

from precompute.models.recorded.files import FACTS, RecordedError, Recording, read_recording
from precompute.models.recorded.source import RecordedSource, open_recorded

__all__ = ["FACTS", "RecordedError", "RecordedSource", "Recording", "open_recorded", "read_recording"]
