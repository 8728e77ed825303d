"""Reading a text with the live model: its time and memory, and the accuracy of the assigned features."""

import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from ne_core.atlas import Atlas
from ne_core.live.answers import Answer, TextRead
from ne_core.live.requests import OpenModel, ReadText
from ne_core.method.embeddings import Embedder
from ne_core.method.statistics import InputStatistics
from ne_core.method.trees.cluster import unit
from ne_core.queries.assigned import Assigner, CachedFeatures
from pages.components.serving.live_process import LiveProcess
from precompute.evaluate.assigned.evaluate import Sizes, prompt_figures
from precompute.live.predictions import predictions
from precompute.live.reader import Reader, open_reader
from precompute.live.reading import forward, strongest
from precompute.live.text import Text
from precompute.models.transformer import TransformerSource, open_transformer
from tests.bench.collect import gpt2_shape
from tests.bench.figures import Figures

TOKENS, TEXTS, ROUNDS = 64, 60, 7
FEATURES = 5  # of a neuron
MAXIMA_OVER = 32  # random texts over which the maxima of random weights are taken


def measure(figures: Figures, atlas_dir: Path) -> None:
    """Measure the demo atlas with its model."""
    measure_process(figures, atlas_dir)
    measure_accuracy(figures, open_reader(Atlas.open(atlas_dir)))


def measure_process(figures: Figures, atlas_dir: Path) -> None:
    """Measure requests as pages send them: a different text each time, answered by a separate process."""
    process, texts = LiveProcess(600, 300, 60), texts_of(Atlas.open(atlas_dir))
    try:
        started = time.perf_counter()
        checked(process.answer(atlas_dir, OpenModel()))
        checked(process.answer(atlas_dir, ReadText(texts[0])))
        figures.add("prompt_cold_s_demo", time.perf_counter() - started, "s")
        checked(process.answer(atlas_dir, ReadText(texts[1])))
        ms = [1e3 * timed(lambda text=text: checked(process.answer(atlas_dir, ReadText(text)))) for text in texts[2:]]
        figures.add("prompt_ms_p50_demo", statistics.median(ms), "ms")
        figures.add("prompt_ms_p95_demo", float(np.quantile(ms, 0.95)), "ms")
        figures.add("prompt_worker_mb_demo", resident_mb(process.process.pid), "MB")
    finally:
        process.end()


def texts_of(atlas: Atlas) -> list[str]:
    """Beginnings of examples as text, TOKENS tokens each."""
    rows = np.linspace(0, len(atlas.tokens) - 1, TEXTS).astype(int)
    return ["".join(atlas.text(atlas.tokens[row, 1:TOKENS])) for row in rows]


def checked(answer: Answer) -> Answer:
    if not hasattr(answer, "notes"):
        raise RuntimeError(answer.message)
    if isinstance(answer, TextRead) and len(answer.tokens) > 2 * TOKENS:
        raise RuntimeError("the texts are longer than they should be")
    return answer


def resident_mb(pid: int) -> float:
    """Resident memory of a process, at its highest."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


def measure_accuracy(figures: Figures, reader: Reader) -> None:
    """As `python -m precompute evaluate DIR --only prompt`; the names end in that of the atlas, demo."""
    for figure in prompt_figures(reader, Sizes()):
        figures.add(figure.name, figure.value, figure.unit)


def measure_gpt2(figures: Figures, folder: Path, demo: Path) -> None:
    """Measure GPT2-small's shape with random weights, without an atlas.

    Maxima are measured over random texts; features are random directions, FEATURES for each neuron. The two passes that
    are compared alternate, so that a busy machine slows both.
    """
    if not (folder / "config.json").exists():
        gpt2_shape(folder, demo)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        figures.add("prompt_worker_mb_gpt2", pool.submit(worker_mb, folder).result(), "MB")
    reader, text = random_reader(folder), random_text(0)
    read, bare = partial(read_through, reader, text), partial(reader.source.run_to_logits, *text.batch)
    read(), bare()
    pairs = [(timed(read), timed(bare)) for _ in range(ROUNDS)]
    figures.add("prompt_over_forward_gpt2", min(r for r, _ in pairs) / min(b for _, b in pairs), "x")
    figures.add("prompt_ms_gpt2", 1e3 * min(r for r, _ in pairs), "ms")
    figures.add("prompt_fired_gpt2", sum(len(each.pos) for each in forward(reader, text, 0.75)[0]), "firings")


def worker_mb(folder: Path) -> float:
    """Resident memory of this process, at its highest, once it has read a text."""
    read_through(random_reader(folder), random_text(0))
    return resident_mb(os.getpid())


def random_reader(folder: Path) -> Reader:
    source = open_transformer(str(folder))
    reader = Reader(Shape(source), source, ())
    vars(reader).update(maxima=random_maxima(source), assigner=RandomFeatures(reader.atlas))
    return reader


class Shape:
    """The attributes of an atlas that reading a text needs, with a model's shape."""

    def __init__(self, source: TransformerSource):
        self.layers, self.vocab = source.layers, [""] * source.n_embeddings
        self.d_in = source.layer(0).d_in
        self.manifest = SimpleNamespace(embedding="standardised")

    def embedder(self, layer: int) -> Embedder:
        return Embedder(InputStatistics(np.zeros(self.d_in, np.float32), np.eye(self.d_in, dtype=np.float32)))


class RandomFeatures(Assigner):
    """Assigner with FEATURES random features for each neuron, instead of those from an atlas's inputs."""

    def computed_means(self, layer: int, neurons: list[int], distance: float | None) -> dict[int, CachedFeatures]:
        rng, d_in = np.random.default_rng(layer), self.atlas.d_in
        limit = np.ones(FEATURES, dtype=np.float32)
        return {each: (unit(rng.normal(size=(FEATURES, d_in))).astype(np.float32), limit) for each in neurons}


def read_through(reader: Reader, text: Text) -> None:
    """Compute an answer, except for tokenizing the text."""
    layers, logits = forward(reader, text, 0.75)
    strongest(reader, layers, 5000, None)
    predictions(reader, text, logits)


def random_text(seed: int) -> Text:
    tokens = np.random.default_rng(seed).integers(50_000, size=TOKENS)
    return Text(tokens, np.arange(TOKENS) > 0, np.zeros(TOKENS, dtype=bool), False)


def random_maxima(source: TransformerSource) -> dict[int, np.ndarray]:
    maxima: dict[int, torch.Tensor] = {}

    def visit(layer_pass) -> None:
        highest = layer_pass.activations[0, 1:].amax(dim=0)
        maxima[layer_pass.layer] = torch.maximum(maxima.get(layer_pass.layer, highest), highest)

    for seed in range(1, MAXIMA_OVER + 1):
        source.read(*random_text(seed).batch, visit)
    return {layer: each.numpy() for layer, each in maxima.items()}


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
