"""The indexes that free queries are put to: who is found, what they take from the vectors, and which files are none."""

import struct
from pathlib import Path

import faiss
import numpy as np
import pytest

from ne_core.atlas.checks.index import HEAD, check_index
from ne_core.errors import AtlasError
from ne_core.method.cluster import unit
from precompute.steps.index import space_vectors
from precompute.write import tables
from precompute.write.tables import write_index
from tests.support.planted import planted_layers

N, D = 500, 16


def clustered(n: int, d: int) -> np.ndarray:
    """Some directions with others around them, one dimension far larger than the rest."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(n // 10, d))[rng.integers(n // 10, size=n)] + 0.5 * rng.normal(size=(n, d))
    vectors[:, 3] *= 20
    return vectors.astype(np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_index(tmp_path / "features.faiss", clustered(N, D))
    return tmp_path / "features.faiss"


@pytest.mark.parametrize("space", ["neuron", "pre_mlp"])
def test_it_answers_with_feature_ids(tiny_atlas, space: str):
    index = faiss.read_index(str(tiny_atlas / f"features_{space}.faiss"))
    vectors = unit(space_vectors(planted_layers(np.random.default_rng(0))[1], space))
    cosines, ids = index.search(vectors, 1)
    assert ids[:, 0].tolist() == list(range(len(vectors)))
    np.testing.assert_allclose(cosines, 1, atol=1e-2)


def test_cosines_are_right_to_the_width_of_a_level(path):
    units = unit(clustered(N, D))
    cosines, ids = faiss.read_index(str(path)).search(units, N)
    width = np.sqrt((((units.max(axis=0) - units.min(axis=0)) / 255) ** 2).sum())  # of a level, in all dimensions
    assert np.abs(cosines - np.take_along_axis(units @ units.T, ids, axis=1)).max() <= width


def test_blocks_and_the_ends_alone_give_what_all_vectors_at_once_give(path, monkeypatch):
    whole = faiss.IndexScalarQuantizer(D, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    whole.train(unit(clustered(N, D)))
    whole.add(unit(clustered(N, D)))
    assert path.read_bytes() == faiss.serialize_index(whole).tobytes()
    monkeypatch.setattr(tables, "BLOCK", 7)
    write_index(path, clustered(N, D))
    assert path.read_bytes() == faiss.serialize_index(whole).tobytes()


def test_no_features_make_an_index_too(tmp_path):
    write_index(tmp_path / "features.faiss", np.zeros((0, D), dtype=np.float32))
    check_index(tmp_path / "features.faiss", 0, {D})
    assert faiss.read_index(str(tmp_path / "features.faiss")).ntotal == 0


def test_the_file_is_as_long_as_its_vectors(path):
    check_index(path, N, {D})
    assert path.stat().st_size == N * D + 8 * D + HEAD.size + 8


@pytest.mark.parametrize(("n", "widths"), [(N + 1, {D}), (N - 1, {D}), (N, {D + 1}), (N, set())])
def test_an_index_of_other_features_is_refused(path, n: int, widths: set[int]):
    with pytest.raises(AtlasError, match=f"is not an 8-bit index of this atlas's {n} features"):
        check_index(path, n, widths)


def another(quantizer: int, metric: int = faiss.METRIC_INNER_PRODUCT) -> bytes:
    index = faiss.IndexScalarQuantizer(D, quantizer, metric)
    index.train(unit(clustered(N, D)))
    index.add(unit(clustered(N, D)))
    return faiss.serialize_index(index).tobytes()


QT = faiss.ScalarQuantizer
OTHERS = {
    "half precision": another(QT.QT_fp16),
    "one range for all": another(QT.QT_8bit_uniform),
    "another metric": another(QT.QT_8bit, faiss.METRIC_L2),
    "another kind": faiss.serialize_index(faiss.IndexFlatIP(D)).tobytes(),
    "nothing": b"",
    "a head alone": another(QT.QT_8bit)[: HEAD.size],
    "no codes": another(QT.QT_8bit)[: HEAD.size + 8 * D],
    "a byte less": another(QT.QT_8bit)[:-1],
    "a byte more": another(QT.QT_8bit) + b"\0",
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_no_such_index_is_refused(path, what: str):
    path.write_bytes(OTHERS[what])
    with pytest.raises(AtlasError, match="is not an 8-bit index"):
        check_index(path, N, {D})


def test_every_number_of_the_head_counts(path):
    """All but the two that faiss itself ignores and the two settings that only training reads."""
    good = path.read_bytes()
    numbers = HEAD.unpack(good[: HEAD.size])
    others = {0: b"IxFI", 5: False} | {place: numbers[place] + 2**20 for place in (1, 2, 6, 7, 10, 11, 12)}
    for place, other in others.items():
        changed = [*numbers[:place], other, *numbers[place + 1 :]]
        path.write_bytes(HEAD.pack(*changed) + good[HEAD.size :])
        with pytest.raises(AtlasError, match="is not an 8-bit index"):
            check_index(path, N, {D})


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_levels_that_are_no_numbers_are_refused(path, bad: float):
    raw = bytearray(path.read_bytes())
    struct.pack_into("<f", raw, HEAD.size + 4, bad)
    path.write_bytes(raw)
    with pytest.raises(AtlasError, match="numbers that are not finite"):
        check_index(path, N, {D})
