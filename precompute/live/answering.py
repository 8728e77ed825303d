"""Answer requests, with the models of the last atlases loaded. Errors become one line for the visitor."""

from collections import OrderedDict
from functools import partial
from pathlib import Path

from ne_core.atlas.read_manifest import read_manifest
from ne_core.errors import AtlasError, first_line
from ne_core.live import requests
from ne_core.live.answers import Answer, Ready, Refused
from precompute.errors import OURS, is_device_failure, is_out_of_memory

READERS = 2  # atlases whose models stay loaded
IMAGES = "This atlas is of images, and only language models read texts: choose an atlas of texts."
LACKING = (
    "This needs {}, which is not installed here: python -m pip install -r requirements-live.txt -c constraints.txt"
)
NO_MEMORY = "There is not enough memory: try a shorter text."
FAILED = "The model failed on this request: try another text."


class Answering:
    """Answers requests about atlases; requests are not stored."""

    def __init__(self) -> None:
        self.readers: OrderedDict[tuple[Path, int], object] = OrderedDict()

    def answer(self, atlas: Path, request: requests.Request) -> Answer:
        """Answer a request, or refuse it with a message. Raises nothing but what ends the process."""
        try:
            if read_manifest(atlas).images:
                return Refused(IMAGES)
            return self.dispatch(self.reader(atlas), request)
        except ModuleNotFoundError as error:
            name = (error.name or "a package").split(".")[0]
            return Refused(FAILED if name in OURS else LACKING.format(name))
        except AtlasError as error:
            return Refused(sentence(first_line(error).replace(str(atlas), atlas.name)))
        except Exception as error:
            return Refused(self.failed(error))

    def failed(self, error: Exception) -> str:
        if is_out_of_memory(error):
            return NO_MEMORY
        if is_device_failure(error):
            self.readers.clear()
        return sentence(first_line(error)) if type(error).__name__ == "NoModelError" else FAILED

    def reader(self, atlas: Path):
        """Return the reader of an atlas; it is opened again if the atlas has been rewritten."""
        key = (atlas, (atlas / "manifest.json").stat().st_mtime_ns)
        if key not in self.readers:
            while len(self.readers) >= READERS:
                self.readers.popitem(last=False)
            from precompute.live.reader import open_reader  # torch and the model library take seconds to load

            self.readers[key] = open_reader(atlas)
        self.readers.move_to_end(key)
        return self.readers[key]

    def dispatch(self, reader, request: requests.Request) -> Answer:
        from precompute.live.reading import read_text
        from precompute.live.removal import take_out
        from precompute.live.why import what_matters, why_here

        handlers = {
            requests.OpenModel: partial(ready, reader),
            requests.ReadText: partial(read_text, reader),
            requests.WhyHere: partial(why_here, reader),
            requests.WhatMatters: partial(what_matters, reader),
            requests.TakeOut: partial(take_out, reader),
        }
        return handlers[type(request)](request)


def ready(reader, request: requests.OpenModel) -> Ready:
    parts = reader.source.parts()
    return Ready(reader.source.predicts, None if isinstance(parts, str) else parts, reader.notes)


def sentence(line: str) -> str:
    """Format a message as a sentence: a capital, unless it begins with a field (`pos=9: …`), and a full stop."""
    first = line if "=" in line.split(" ")[0] else line[:1].upper() + line[1:]
    return first if first.endswith(".") else f"{first}."
