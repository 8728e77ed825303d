"""Command `read`: a table of all firings in some texts, or of how often each feature fires in the corpus."""

import logging
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from ne_core.atlas import Atlas
from ne_core.atlas.manifest import Density
from ne_core.export.frames import texts
from ne_core.export.provenance import provenance
from ne_core.export.table_stream import Write, ending_of, table_stream
from ne_core.live.requests import LEAST_SHARE
from ne_core.sharing.atomic_write import check_output, check_target, new_file
from precompute.corpus import chat_template, end_of_text, read_documents
from precompute.corpus.sources import Document
from precompute.live.densities import counted, densities_frame
from precompute.live.reader import NO_INPUTS, Reader, open_reader
from precompute.live.reading import LayerFirings, assigned, check_distance
from precompute.live.windows import Windows, firings_of, text_windows
from precompute.run.device import check_device
from precompute.run.progress import OnProgress, Progress
from precompute.write.density import add_density

logger = logging.getLogger(__name__)
STDIN = "-"


def read(
    directory: Path, text: str | None, corpus: bool, out: Path | None, share: float, distance: float | None, device: str
) -> int:
    """Write the table and return its number of rows. Without `out` the atlas gets the densities of its features.

    Raises ValueError, in one line, for texts that cannot be read.
    """
    check(directory, text, corpus, out, share, distance)
    check_device(device)
    atlas = Atlas.open(directory)
    if corpus and not atlas.manifest.inputs:
        raise ValueError(f"{directory}: {NO_INPUTS}")
    reader = open_reader(atlas, device)
    for note in reader.notes:
        logger.warning("%s", note)
    progress = Progress(n_stages=1)
    if out is None:
        with progress.stage("read the corpus", "examples") as on_progress:
            return write_into(reader, share, on_progress)
    with new_file(out) as file, table_stream(file, ending_of(out), provenance(atlas)) as write:
        if corpus:
            with progress.stage("read the corpus", "examples") as on_progress:
                return write_densities(reader, share, write, on_progress)
        with progress.stage("read", "windows") as on_progress, documents_of(text, reader) as documents:
            return write_firings(reader, documents, share, distance, write, on_progress)


def check(
    directory: Path, text: str | None, corpus: bool, out: Path | None, share: float, distance: float | None
) -> None:
    """Check the arguments before the model is opened."""
    if not LEAST_SHARE <= share <= 1:
        raise ValueError(f"--share {share:g}: a share is from {LEAST_SHARE:g} to 1")
    check_distance(distance)
    if corpus and distance is not None:
        raise ValueError("--distance needs --text: --corpus counts the features of the atlas's cut")
    if out is None and not corpus:
        raise ValueError("--text needs --out: name the table to write")
    if out is None:
        check_target(directory)
    else:
        ending_of(out)
        check_output(out)
    if text not in (None, STDIN):
        read_documents(text)


def write_into(reader: Reader, share: float, on_progress: OnProgress) -> int:
    """Write the counts into the atlas; how many features it has."""
    counts = counted(reader, share, on_progress)
    add_density(reader.atlas, counts.fired, Density(share, counts.n_tokens))
    return len(counts.fired)


def write_densities(reader: Reader, share: float, write: Write, on_progress: OnProgress) -> int:
    frame = densities_frame(reader, counted(reader, share, on_progress))
    write(frame)
    return len(frame)


@contextmanager
def documents_of(text: str, reader: Reader) -> Iterator[Callable[[], Iterable[Document]]]:
    """Yield a function that reads the documents each time it is called; standard input is saved in a temporary file."""
    tokenizer = reader.source.tokenizer
    ends, template = end_of_text(tokenizer), chat_template(tokenizer)
    if text != STDIN:
        yield lambda: read_documents(text, end_of_text=ends, template=template).with_sources()
        return
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield lambda: read_documents(file.name, end_of_text=ends).with_sources()


def write_firings(
    reader: Reader,
    documents: Callable[[], Iterable[Document]],
    share: float,
    distance: float | None,
    write: Write,
    on_progress: OnProgress,
) -> int:
    """Write the firings, some windows at a time. Windows are counted first, which needs only the tokenizer."""
    total = sum(len(each) for each in text_windows(reader, documents()))
    if not total:
        raise ValueError("the texts have no tokens: give a file that contains text")
    n_rows = done = 0
    for windows in text_windows(reader, documents()):
        frame = firings_frame(reader, windows, firings_of(reader, windows, share), distance)
        write(frame)
        n_rows, done = n_rows + len(frame), done + len(windows)
        on_progress(done, total)
    return n_rows


def firings_frame(reader: Reader, windows: Windows, layers: list[LayerFirings], distance: float | None) -> pd.DataFrame:
    """Return a row for every neuron that fires at a token, sorted by text, window, position, layer and neuron."""
    frame = pd.concat([layer_frame(reader, windows, part, distance) for part in layers], ignore_index=True)
    return frame.sort_values(["text", "window", "pos", "layer", "neuron"], ignore_index=True)


def layer_frame(reader: Reader, windows: Windows, part: LayerFirings, distance: float | None) -> pd.DataFrame:
    """Return the rows of one layer; `pos` counts from the start of the window and includes special tokens."""
    assignment = assigned(reader, part, distance)
    tokens = reader.atlas.text(windows.tokens[part.prompt, part.pos])
    return pd.DataFrame(
        {
            "text": windows.text[part.prompt],
            "window": windows.number[part.prompt],
            "pos": part.pos,
            "token": texts(tokens),
            "layer": np.full(len(part.pos), part.layer),
            "neuron": part.neuron,
            "activation": part.activation.astype(np.float32),
            "share": part.share.astype(np.float32),
            "feature": assignment.feature,
            "distance": assignment.distance.astype(np.float32),
            "margin": assignment.margin.astype(np.float32),
            "unlike": assignment.unlike,
        }
    )
