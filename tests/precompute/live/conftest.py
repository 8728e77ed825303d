"""Atlases of tiny models that are built once, and their readers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas import Atlas
from precompute.live.reader import Reader, open_reader
from precompute.models.of_atlas import FOLDERS
from tests.precompute.run.test_build import WORDS
from tests.support.models.tiny_saes import tiny_sae
from tests.support.tiny_models import tiny_checkpoint

HOOK = "blocks.1.hook_resid_pre"
SIZES = ["--examples", "50", "--context", "24", "--window", "6,3", "--max-examples", "12", "--work-unit", "8"]
SIZES += ["--rarefy", "0", "--importance-passes", "0", "--device", "cpu"]
KINDS = {
    "folded": ("gpt2", ["--layers", "0,2", "--mask", "token: the,mean-embedding"]),
    "raw": ("gpt2", ["--weights", "raw", "--embedding", "neuron", "--mask", "mean-embedding"]),
    "encoder": ("bert", []),
    "latents": ("gpt2", ["--mask", "mean-embedding"]),
    "lacking": ("gpt2", ["--layers", "1", "--inputs", "no", "--contributions", "no"]),
}


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models, an autoencoder and a corpus."""
    place = tmp_path_factory.mktemp("live")
    for family in ("gpt2", "bert"):
        tiny_checkpoint(family, place / "models" / family)
    tiny_sae(place / "models" / "sae", 16, HOOK, architecture="topk", k=6)
    rng = np.random.default_rng(0)
    texts = (" ".join(rng.choice(WORDS.split(), size=rng.integers(5, 60))) for _ in range(60))
    (place / "corpus.txt").write_text("\n\n".join(texts))
    return place


@pytest.fixture(scope="session")
def built(place: Path) -> Callable[[str], Path]:
    """Function from a kind to the directory of its atlas, which the first call builds."""
    from precompute.__main__ import main

    def of(kind: str) -> Path:
        family, options = KINDS[kind]
        out, sae = place / "atlases" / kind, ["--sae", str(place / "models" / "sae")] if kind == "latents" else []
        required = ["--model", str(place / "models" / family), "--corpus", str(place / "corpus.txt"), "--out", str(out)]
        if not (out / "manifest.json").exists():
            assert main(["build", *required, *SIZES, *sae, *options]) == 0
        return out

    return of


@pytest.fixture(scope="session")
def reader(place: Path, built) -> Callable[[str], Reader]:
    """Function from a kind to the reader of its atlas."""
    readers: dict[str, Reader] = {}

    def of(kind: str) -> Reader:
        if kind not in readers:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(FOLDERS, str(place / "models"))
                readers[kind] = open_reader(Atlas.open(built(kind)))
        return readers[kind]

    return of
