"""Search indexes of free queries: results, precision, and refusal of invalid files."""

import struct
from pathlib import Path

import faiss
import numpy as np
import pytest

from ne_core.atlas.checks.index import HEAD, check_index
from ne_core.errors import AtlasError
from ne_core.method.trees.cluster import unit
from precompute.steps.index import space_vectors
from precompute.write import tables
from precompute.write.tables import write_index
from tests.support.planted import planted_layers

N, D = 500, 16


def clustered(n: int, d: int) -> np.ndarray:
    """Return clusters of vectors, with one dimension much larger than the others."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(n // 10, d))[rng.integers(n // 10, size=n)] + 0.5 * rng.normal(size=(n, d))
    vectors[:, 3] *= 20
    return vectors.astype(np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_index(tmp_path / "features.faiss", clustered(N, D))
    return tmp_path / "features.faiss"


@pytest.mark.parametrize("space", ["neuron", "pre_mlp"])
def test_search_returns_feature_ids(tiny_atlas, space: str):
    index = faiss.read_index(str(tiny_atlas / f"features_{space}.faiss"))
    vectors = unit(space_vectors(planted_layers(np.random.default_rng(0))[1], space))
    cosines, ids = index.search(vectors, 1)
    assert ids[:, 0].tolist() == list(range(len(vectors)))
    np.testing.assert_allclose(cosines, 1, atol=1e-2)


def test_cosines_are_exact_to_one_quantization_level(path):
    units = unit(clustered(N, D))
    cosines, ids = faiss.read_index(str(path)).search(units, N)
    width = np.sqrt((((units.max(axis=0) - units.min(axis=0)) / 255) ** 2).sum())  # of a level, in all dimensions
    assert np.abs(cosines - np.take_along_axis(units @ units.T, ids, axis=1)).max() <= width


def test_index_does_not_depend_on_the_block_size(path, monkeypatch):
    whole = faiss.IndexScalarQuantizer(D, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    whole.train(unit(clustered(N, D)))
    whole.add(unit(clustered(N, D)))
    assert path.read_bytes() == faiss.serialize_index(whole).tobytes()
    monkeypatch.setattr(tables, "BLOCK", 7)
    write_index(path, clustered(N, D))
    assert path.read_bytes() == faiss.serialize_index(whole).tobytes()


def test_index_without_features(tmp_path):
    write_index(tmp_path / "features.faiss", np.zeros((0, D), dtype=np.float32))
    check_index(tmp_path / "features.faiss", 0, {D})
    assert faiss.read_index(str(tmp_path / "features.faiss")).ntotal == 0


def test_file_size_of_the_index(path):
    check_index(path, N, {D})
    assert path.stat().st_size == N * D + 8 * D + HEAD.size + 8


@pytest.mark.parametrize(("n", "widths"), [(N + 1, {D}), (N - 1, {D}), (N, {D + 1}), (N, set())])
def test_index_of_different_features_is_refused(path, n: int, widths: set[int]):
    with pytest.raises(AtlasError, match=f"is not an 8-bit index of this atlas's {n} features"):
        check_index(path, n, widths)


def serialized_index(quantizer: int, metric: int = faiss.METRIC_INNER_PRODUCT) -> bytes:
    index = faiss.IndexScalarQuantizer(D, quantizer, metric)
    index.train(unit(clustered(N, D)))
    index.add(unit(clustered(N, D)))
    return faiss.serialize_index(index).tobytes()


QT = faiss.ScalarQuantizer
OTHERS = {
    "half precision": serialized_index(QT.QT_fp16),
    "one range for all": serialized_index(QT.QT_8bit_uniform),
    "another metric": serialized_index(QT.QT_8bit, faiss.METRIC_L2),
    "another kind": faiss.serialize_index(faiss.IndexFlatIP(D)).tobytes(),
    "nothing": b"",
    "a head alone": serialized_index(QT.QT_8bit)[: HEAD.size],
    "no codes": serialized_index(QT.QT_8bit)[: HEAD.size + 8 * D],
    "a byte less": serialized_index(QT.QT_8bit)[:-1],
    "a byte more": serialized_index(QT.QT_8bit) + b"\0",
}


@pytest.mark.parametrize("kind", OTHERS)
def test_index_of_another_type_is_refused(path, kind: str):
    path.write_bytes(OTHERS[kind])
    with pytest.raises(AtlasError, match="is not an 8-bit index"):
        check_index(path, N, {D})


def test_every_number_of_the_header_is_checked(path):
    """Check all except two numbers that faiss ignores and two settings that only training uses."""
    good = path.read_bytes()
    numbers = HEAD.unpack(good[: HEAD.size])
    others = {0: b"IxFI", 5: False} | {index: numbers[index] + 2**20 for index in (1, 2, 6, 7, 10, 11, 12)}
    for index, other in others.items():
        changed = [*numbers[:index], other, *numbers[index + 1 :]]
        path.write_bytes(HEAD.pack(*changed) + good[HEAD.size :])
        with pytest.raises(AtlasError, match="is not an 8-bit index"):
            check_index(path, N, {D})


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_levels_that_are_not_finite_are_refused(path, bad: float):
    raw = bytearray(path.read_bytes())
    struct.pack_into("<f", raw, HEAD.size + 4, bad)
    path.write_bytes(raw)
    with pytest.raises(AtlasError, match="numbers that are not finite"):
        check_index(path, N, {D})
