"""Reading an atlas: rows, features at any cut, similar features, and one-line errors for damaged files."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.inputs import input_index
from ne_core.atlas.schema import HISTOGRAM_BINS, LOGITS
from ne_core.atlas.verify import verify
from ne_core.errors import AtlasError
from ne_core.method.statistics import triangle
from ne_core.refs import FeatureRef, NeuronRef
from tests.support.hostile import manifest_of, seal, set_manifest
from tests.support.planted import CUT, LAYERS, N_SAMPLED, VOCAB, make_atlas


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


@pytest.fixture
def copy(tiny_atlas: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_atlas, tmp_path / "atlas"))


def damage(root: Path, name: str, change) -> None:
    """Change numbers of an array, keeping its size, so that it still agrees with the manifest."""
    array = np.load(root / name)
    change(array)
    np.save(root / name, array)


def test_rows_of_a_neuron(atlas):
    neuron = atlas.neuron(NeuronRef(0, 0))
    assert len(neuron) == 17
    assert (np.diff(neuron.example) > 0).all()
    assert np.bincount(neuron.feature).tolist() == [14, 3]
    keys = atlas.tokens[neuron.example, neuron.pos]
    assert atlas.text(np.unique(keys[neuron.feature == 0])) == [" cat"]
    assert atlas.text(np.unique(keys[neuron.feature == 1])) == [" red"]


def test_every_row_belongs_to_one_neuron(atlas):
    for layer in atlas.layers:
        counts = [len(atlas.neuron(NeuronRef(layer, n))) for n in range(atlas.n_neurons(layer))]
        assert counts == [sum(m.size for m in meanings) for meanings in LAYERS[layer]]


def test_center_distances_match_the_embeddings(atlas):
    for layer in atlas.layers:
        for number in range(atlas.n_neurons(layer)):
            neuron = atlas.neuron(NeuronRef(layer, number))
            x = atlas.neuron_inputs(neuron.ref).astype(np.float64)
            embeddings = x * atlas.weights(layer).W_in[:, number].astype(np.float64)
            for feature in np.unique(neuron.feature):
                inside = neuron.feature == feature
                units = embeddings[inside] / np.linalg.norm(embeddings[inside], axis=1, keepdims=True)
                mean = units.mean(axis=0)
                expected = 1 - units @ mean / np.linalg.norm(mean)
                np.testing.assert_allclose(neuron.center_distance[inside], expected, atol=2e-4)


def test_planted_logit_effects(atlas):
    for number in range(atlas.n_neurons(0)):
        effects = atlas.logit_effects(NeuronRef(0, number))
        assert effects.raised[0] == (number, 2)
        assert effects.lowered[0] == (len(VOCAB) - 1, -2)
        assert len(effects.raised) == len(effects.lowered) == LOGITS
        raised, lowered = ([effect for _, effect in pairs] for pairs in (effects.raised, effects.lowered))
        assert raised == sorted(raised, reverse=True)
        assert lowered == sorted(lowered)
    with pytest.raises(KeyError):
        atlas.logit_effects(NeuronRef(0, 99))


def test_atlas_without_logit_effects(copy):
    for path in copy.glob("layers/*/logit_*.npy"):
        path.unlink()
    manifest = manifest_of(copy)
    files = {name: entry for name, entry in manifest["files"].items() if "logit" not in name}
    set_manifest(copy, logit_effects=False, files=files)
    assert Atlas.open(copy).logit_effects(NeuronRef(0, 0)) is None
    assert list(verify(copy)) == []


def test_dead_neuron_has_no_rows(atlas):
    neuron = atlas.neuron(NeuronRef(0, 4))
    assert len(neuron) == len(neuron.features(0.3)) == len(neuron.central(0.3)) == 0
    assert list(atlas.feature_ids(neuron.ref)) == []
    assert atlas.neurons["maximum"][atlas.neuron_row(neuron.ref)] <= 0


def test_one_example_is_one_feature(atlas):
    neuron = atlas.neuron(NeuronRef(0, 3))
    assert neuron.features(0.5).tolist() == [0]
    assert neuron.central(0.5).tolist() == [0]
    assert neuron.tree.shape == (0, 4)


def test_stored_features_match_the_default_cut(atlas):
    for layer in atlas.layers:
        for number in range(atlas.n_neurons(layer)):
            neuron = atlas.neuron(NeuronRef(layer, number))
            assert neuron.feature.tolist() == neuron.features(CUT).tolist()
            ids = atlas.feature_ids(neuron.ref)
            assert atlas.features["central"][ids.start : ids.stop].tolist() == neuron.central(CUT).tolist()


def test_features_at_other_cuts(atlas):
    neuron = atlas.neuron(NeuronRef(0, 0))
    assert neuron.features(2.0).tolist() == [0] * 17
    assert sorted(neuron.features(0.0).tolist()) == list(range(17))
    assert len(neuron.central(2.0)) == 1


def test_feature_id_inverts_feature_ref(atlas):
    n_features = len(atlas.features["layer"])
    assert [atlas.feature_id(atlas.feature_ref(id)) for id in range(n_features)] == list(range(n_features))


def test_windows_are_tokens_around_the_key_token(atlas):
    neuron = atlas.neuron(NeuronRef(0, 0))
    window = atlas.window_tokens(neuron, np.arange(len(neuron)))
    key = window[:, atlas.manifest.window.key]
    assert key.tolist() == atlas.tokens[neuron.example, neuron.pos].tolist()
    np.testing.assert_array_equal(window == -1, np.isnan(neuron.window_activations))


def test_importance_is_computed_or_nan(atlas):
    importances = atlas.neuron(NeuronRef(0, 0)).window_importances
    computed = np.isfinite(importances[:, 0, atlas.manifest.window.key])
    assert 0 < computed.sum() < len(computed)
    assert np.isnan(importances[~computed]).all()
    assert np.nanmin(importances) < 0


def test_hostile_tokens_are_read_unchanged(atlas):
    assert atlas.vocab == VOCAB


def test_inputs_times_weights_are_the_activations(atlas):
    """Check that x · w is the activation, up to float16, since biases are 0 and activations positive."""
    for layer in atlas.layers:
        weights = atlas.weights(layer)
        for number in range(weights.n_neurons):
            neuron, x = atlas.neuron(NeuronRef(layer, number)), atlas.neuron_inputs(NeuronRef(layer, number))
            assert x.shape == (len(neuron), weights.d_in)
            sums = weights.embed(x.astype(np.float32), number).sum(axis=1)
            np.testing.assert_allclose(sums, neuron.activation, rtol=5e-3)


def test_atlas_without_inputs_raises_on_access(tmp_path):
    root = make_atlas(tmp_path / "atlas", inputs=False)
    assert not (root / "inputs").exists()
    assert list(verify(root)) == []
    with pytest.raises(AtlasError, match="holds no inputs of its examples: build it again with --inputs yes"):
        Atlas.open(root).neuron_inputs(NeuronRef(0, 0))


@pytest.mark.parametrize("change", [lambda x: x[:-1], lambda x: np.concatenate([x, x])])
def test_wrong_number_of_inputs_raises_on_access(copy, change):
    x = np.load(copy / "inputs/00.npy")
    np.save(copy / "inputs/00.npy", change(x))
    seal(copy)
    with pytest.raises(AtlasError, match=f"holds {len(change(x))} inputs, the rows name {len(x)}"):
        Atlas.open(copy).neuron_inputs(NeuronRef(0, 0))


def test_input_index_ranks_distinct_positions():
    """Rows of several neurons may share an input: its index is its rank among the distinct ones."""
    example, pos = np.array([5, 2, 5, 2, 0], np.int32), np.array([1, 9, 1, 3, 30_000], np.int16)
    index, n_kept = input_index(example, pos)
    assert index.tolist() == [3, 2, 3, 1, 0]
    assert n_kept == 4
    assert input_index(example[:0], pos[:0])[1] == 0


def test_statistics_of_inputs(atlas):
    statistics = atlas.input_statistics(2)
    assert statistics.mean.shape == (16,)
    np.testing.assert_array_equal(statistics.covariance, statistics.covariance.T)
    np.testing.assert_array_equal(
        triangle(statistics.covariance), np.load(atlas.root / "layers/02/input_covariance.npy")
    )
    assert (np.linalg.eigvalsh(statistics.covariance) > 0).all()
    with pytest.raises(KeyError):
        atlas.input_statistics(1)


def test_histogram_counts_every_sampled_position(atlas):
    alive, dead = (atlas.histogram(NeuronRef(0, number)) for number in (0, 4))
    assert alive.counts.sum() == dead.counts.sum() == atlas.manifest.sample_positions == N_SAMPLED
    assert (alive.edges[0], alive.edges[-1]) == (alive.low, alive.high)
    assert len(alive.edges) == len(alive.counts) + 1 == HISTOGRAM_BINS + 1
    assert dead.counts.tolist() == [N_SAMPLED] + [0] * (HISTOGRAM_BINS - 1)
    with pytest.raises(KeyError, match="no neuron"):
        atlas.histogram(NeuronRef(1, 0))


@pytest.mark.parametrize("ref", [NeuronRef(1, 0), NeuronRef(0, 6), NeuronRef(0, -1), NeuronRef(-1, 0)])
def test_unknown_neuron(atlas, ref: NeuronRef):
    with pytest.raises(KeyError, match="no neuron"):
        atlas.neuron(ref)


@pytest.mark.parametrize("ref", [FeatureRef(0, 0, 2), FeatureRef(0, 4, 0), FeatureRef(0, 0, -1)])
def test_unknown_feature(atlas, ref: FeatureRef):
    with pytest.raises(KeyError, match="no feature"):
        atlas.feature_id(ref)


def test_arrays_are_read_only(atlas):
    neuron = atlas.neuron(NeuronRef(0, 0))
    for array in (neuron.activation, neuron.tree, atlas.tokens, atlas.features["size"], atlas.neurons["maximum"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


DAMAGE = {
    "tokens.npy": lambda a: a.__setitem__((0, 0), len(VOCAB)),
    "lengths.npy": lambda a: a.__setitem__(0, 1000),
    "layers/00/offsets.npy": lambda a: a.__setitem__(2, a[-1] + 1),
    "layers/00/example.npy": lambda a: a.__setitem__(0, -1),
    "layers/00/pos.npy": lambda a: a.__setitem__(0, 24),
    "layers/00/feature.npy": lambda a: a.__setitem__(0, 99),
    "layers/00/merge_central.npy": lambda a: a.__setitem__(0, 50),
    "layers/00/trees.npy": lambda a: a.__setitem__((0, 0), 9e9),
    "layers/02/trees.npy": lambda a: a.__setitem__((0, 2), np.nan),
    "layers/00/input_mean.npy": lambda a: a.__setitem__(0, np.nan),
    "layers/00/input_covariance.npy": lambda a: a.__setitem__(3, np.inf),
    "layers/00/histogram.npy": lambda a: a.__setitem__((0, 0), a[0, 0] + 1),
    "layers/02/histogram.npy": lambda a: a.__setitem__((0, slice(2)), (-1, a[0, 0] + a[0, 1] + 1)),
    "layers/00/histogram_range.npy": lambda a: a.__setitem__(0, a[0, ::-1].copy()),
    "layers/02/histogram_range.npy": lambda a: a.__setitem__((0, 1), np.nan),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_numbers_out_of_range_are_rejected_at_opening(copy, name: str):
    damage(copy, name, DAMAGE[name])
    with pytest.raises(AtlasError) as error:
        Atlas.open(copy)
    assert "\n" not in str(error.value)


def test_array_of_another_type_is_rejected(copy):
    path = copy / "layers/00/b_in.npy"
    np.save(path, np.load(path).view(np.int32))
    with pytest.raises(AtlasError, match=r"b_in.npy holds int32\[6\], the schema says float32"):
        Atlas.open(copy)


def swap(root: Path, name: str, **columns) -> None:
    """Replace columns of a table, and update its size in the manifest."""
    table = pq.read_table(root / name)
    for column, values in columns.items():
        table = table.set_column(table.column_names.index(column), column, pa.array(values))
    pq.write_table(table, root / name)
    raw = json.loads((root / "manifest.json").read_text())
    raw["files"][name]["size"] = (root / name).stat().st_size
    (root / "manifest.json").write_text(json.dumps(raw))


N_FEATURES = sum(len(neuron) for neurons in LAYERS.values() for neuron in neurons)


@pytest.mark.parametrize(
    ("column", "value"),
    [("size", "a"), ("size", 1.5), ("size", None), ("cosine_neuron", 0.5), ("key_tokens", [1, 2]), ("size", [1, 2])],
)
def test_column_of_another_type_is_rejected(copy, column: str, value):
    swap(copy, "features.parquet", **{column: [value] * N_FEATURES})
    with pytest.raises(AtlasError, match=f"features.parquet: column '{column}'") as error:
        Atlas.open(copy)
    assert "\n" not in str(error.value)


def test_pickles_are_rejected(copy):
    path = copy / "layers/00/b_in.npy"
    size = path.stat().st_size
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    path.write_bytes(path.read_bytes()[:size].ljust(size, b"\0"))
    with pytest.raises(AtlasError, match="cannot be read as an array"):
        Atlas.open(copy)


@pytest.mark.parametrize(
    "fields",
    [{"layers": [2, 0]}, {"layers": []}, {"n_neurons": [6]}, {"window": {"back": 0, "forward": 4}}, {"files": []},
     {"default_space": "colour"}, {"name": 3}, {"n_ctx": "24"}],
)  # fmt: skip
def test_contradictory_manifest_is_rejected(copy, fields: dict):
    raw = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**raw, **fields}))
    with pytest.raises(AtlasError, match="contradicts itself"):
        Atlas.open(copy)


def test_opening_an_atlas_loads_neither_torch_nor_scipy(tiny_atlas):
    """These imports would delay the app's first page."""
    code = f"""
import sys
from ne_core.atlas import Atlas, NeuronRef
atlas = Atlas.open({str(tiny_atlas)!r})
atlas.neuron(NeuronRef(0, 0)).features(0.3)
atlas.search.words("cat")
print([name for name in ("torch", "scipy", "pandas", "sklearn", "streamlit") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
