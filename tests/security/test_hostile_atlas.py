"""Tests of atlases from strangers: read, or refused in one line; in bounded time, and on every page."""

import json
import os
import pickle
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import faiss
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ne_core.atlas import Atlas, search
from ne_core.atlas.checks.index import HEAD
from ne_core.atlas.checks.trees import check_trees
from ne_core.atlas.documents_schema import DOCUMENTS
from ne_core.atlas.paths import index_file
from ne_core.atlas.schema import (
    COMPARISONS,
    CONTRIBUTIONS,
    EXAMPLES,
    FEATURES,
    LAYER,
    LOGIT_EFFECTS,
    NEURONS,
    SIMILAR_FEATURES,
)
from ne_core.atlas.verify import verify
from ne_core.errors import AtlasError
from ne_core.method.measures import feature_distances, measures
from ne_core.method.similar import SPACES
from ne_core.method.trees.cluster import tree
from ne_core.method.trees.dendrogram import dendrogram
from ne_core.refs import NeuronRef
from pages.components.shell.nav import PAGES
from pages.components.widgets.token_lines.lines import lines
from precompute.write.tables import write_index
from tests.support.apptest import open_app, payloads
from tests.support.hostile import (
    DEEP,
    ODD_TEXT,
    ODD_VALUES,
    Damage,
    change_array,
    change_search,
    change_table,
    copy_atlas,
    flip_bytes,
    link_out,
    manifest_of,
    replace_array,
    replace_bytes,
    replace_columns,
    replace_file,
    run_sql,
    seal,
    set_fields,
    set_manifest,
    set_values,
    truncate,
)
from tests.support.planted import D_IN, LAYERS, N_SAMPLED, PARTS, VOCAB

LAYER_FILES = [f"layers/00/{spec.file}" for spec in (*LAYER, *LOGIT_EFFECTS, *CONTRIBUTIONS)]
DOCUMENT_NAMES = ["documents/names.npy", "documents/groups.npy"]  # any bytes are texts
DOCUMENT_ARRAYS = [spec.file for spec in DOCUMENTS if spec.file not in DOCUMENT_NAMES]
ARRAYS = [*(spec.file for spec in EXAMPLES), *LAYER_FILES, "inputs/00.npy", *DOCUMENT_ARRAYS]
INDEXES = [index_file(space) for space in SPACES]
FILES = [
    *ARRAYS,
    *INDEXES,
    "vocab.json",
    "manifest.json",
    "neurons.parquet",
    "features.parquet",
    "spaces.parquet",
    "search.sqlite",
    *DOCUMENT_NAMES,
]
N_FEATURES = sum(len(neuron) for neurons in LAYERS.values() for neuron in neurons)
SECONDS = 60  # none is slow; much more than a busy machine needs


@pytest.fixture
def copy(tiny_atlas: Path, tmp_path: Path) -> Path:
    return copy_atlas(tiny_atlas, tmp_path / "hostile" / "atlas")


@pytest.fixture(autouse=True)
def no_pickles(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("something was unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)


def read_everything(root: Path) -> None:
    """Read all that pages need from an atlas."""
    atlas = Atlas.open(root)
    for layer in atlas.layers:
        for number in range(atlas.n_neurons(layer)):
            read_neuron(atlas, NeuronRef(layer, number))
    read_tables(root)
    for query in ("cat", "a b", "script"):
        atlas.search.words(query)
        atlas.search.named(query)
    atlas.search.key_token([1, 3])
    for name in INDEXES:  # faiss's own reader trusts its input: an atlas that opens must be safe with it
        index = faiss.read_index(str(root / name))
        assert index.ntotal == N_FEATURES
        assert index.search(np.ones((1, index.d), np.float32), 3)[1].max() < N_FEATURES


def read_neuron(atlas: Atlas, ref: NeuronRef) -> None:
    neuron = atlas.neuron(ref)
    assert len(atlas.neuron_inputs(ref)) == len(neuron)
    assert all(isinstance(name, str) for name in atlas.documents.sources(neuron.example, neuron.pos))
    assert atlas.histogram(ref).counts.sum() == atlas.manifest.sample_positions
    assert ((neuron.center_distance >= 0) & (neuron.center_distance <= 2.01)).all()
    for pairs in asdict(atlas.logit_effects(ref)).values():
        assert all(0 <= token < len(atlas.vocab) and np.isfinite(effect) for token, effect in pairs)
    contributions = atlas.contributions(ref)
    assert np.isfinite(contributions.parts).all()
    assert contributions.parts.shape == (len(neuron), len(contributions.part_list))
    assert all(
        contributions.part_list[atlas.manifest.parts.first_head + head].kind == "head"
        for head in contributions.read_head.flat
    )
    source = neuron.pos[:, None] - contributions.read_back
    assert ((source >= 0) & (source < atlas.lengths[neuron.example][:, None])).all()
    assert np.isfinite(atlas.input_statistics(ref.layer).covariance).all()
    for cut in (0.0, atlas.manifest.default_cut, 2.0):
        assert len(neuron.features(cut)) == len(neuron)
        assert len(neuron.central(cut)) == len(np.unique(neuron.features(cut)))
    if len(neuron):
        measures(neuron.tree, 0.5)
        feature_distances(neuron.tree, 0.5)
        assert sorted(dendrogram(neuron.tree).order) == list(range(len(neuron)))
        json.dumps(lines(atlas, neuron, range(len(neuron))), allow_nan=False)


def read_tables(root: Path) -> None:
    """Read all that pages need from the tables and the manifest."""
    atlas = Atlas.open(root)
    name_tokens = np.concatenate([atlas.features["name_keys"], atlas.features["name_context"]], axis=1)
    assert all(np.isfinite(atlas.features[name]).all() for name in ("map_x", "map_y"))
    for id in range(len(atlas.features["layer"])):
        ref = atlas.feature_ref(id)
        assert atlas.feature_id(ref) == id
        atlas.text(np.array([token for token in name_tokens[id].tolist() if token != -1]))
        for space in atlas.manifest.spaces:
            assert all(abs(cosine) <= 1.01 for _, cosine in atlas.similar(ref, space))


def refusal(root: Path, read: Callable[[Path], None] = read_everything) -> str | None:
    """Return the line with which an atlas is refused, or None if it can be read."""
    start = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # measures of extreme numbers overflow harmlessly
            read(root)
        message = None
    except AtlasError as error:
        message = str(error)
        assert "\n" not in message
        assert len(message) < 500
        assert message.isprintable()
    assert time.monotonic() - start < SECONDS
    return message


@pytest.mark.fast("tokens", "offsets", "feature.npy", "trees", "sqlite", "parquet", "manifest")
@pytest.mark.parametrize("name", FILES)
def test_random_damage(name: str, copy: Path):
    rng = np.random.default_rng(FILES.index(name))
    good = (copy / name).read_bytes()
    for i in range(8):
        damage = truncate if i % 4 == 3 else flip_bytes
        (copy / name).write_bytes(damage(rng, good))
        if name != "manifest.json":
            seal(copy)
        refusal(copy)


@pytest.mark.fast("tokens", "offsets", "activation.npy", "trees", "W_in", "covariance")
@pytest.mark.parametrize("name", ARRAYS)
def test_random_and_extreme_numbers_in_an_array(name: str, copy: Path):
    rng = np.random.default_rng(ARRAYS.index(name))
    good = np.load(copy / name)
    limits = np.iinfo(good.dtype) if good.dtype.kind == "i" else np.finfo(good.dtype)
    for value in (limits.min, limits.max, -1, 0, 1, 7, *((np.nan, np.inf) if good.dtype.kind == "f" else ())):
        damaged = good.copy()
        damaged.flat[rng.integers(good.size, size=rng.integers(1, 4))] = value
        change_array(copy, name, lambda _, damaged=damaged: damaged)
        refusal(copy)


@pytest.mark.fast("features")
@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("neurons.parquet", NEURONS),
        ("features.parquet", (*FEATURES, *SIMILAR_FEATURES)),
        ("spaces.parquet", COMPARISONS),
    ],
)
def test_random_and_extreme_numbers_in_a_table(table: str, columns, copy: Path):
    rng = np.random.default_rng(0)
    good = pq.read_table(copy / table)
    for spec in columns:
        values = np.array(good[spec.name].to_pylist(), dtype=spec.dtype)
        dtype = np.dtype(spec.dtype)
        limits = np.iinfo(dtype) if dtype.kind == "i" else np.finfo(dtype)
        for value in (limits.min, limits.max, -1, 0, 1, *((np.nan, np.inf) if dtype.kind == "f" else ())):
            damaged = values.copy()
            damaged.flat[rng.integers(values.size)] = value
            flat = pa.array(damaged.reshape(-1))
            cells = flat if spec.length == 1 else pa.FixedSizeListArray.from_arrays(flat, spec.length)
            pq.write_table(good.set_column(good.column_names.index(spec.name), spec.name, cells), copy / table)
            seal(copy)
            refusal(copy, read_tables)


@pytest.mark.fast("version", "model", "layers", "n_neurons", "n_ctx", "spaces", "inputs", "seed", "files")
@pytest.mark.parametrize("field", ["schema_version", "name", "kind", "model", "weights", "corpus", "maxima", "keep",
    "max_examples", "baselines", "importance", "layers", "n_neurons", "d_in", "n_examples", "n_ctx", "window", "spaces",
    "default_space", "default_cut", "sample_positions", "inputs", "logit_effects", "compared", "contributions", "seed",
    "threads",
    "libraries", "files"])  # fmt: skip
def test_odd_values_in_the_manifest(field: str, copy: Path):
    for value in ODD_VALUES:
        set_manifest(copy, **{field: value})
        refusal(copy, read_tables)


TREES, OFFSETS, FEATURES_TABLE = "layers/00/trees.npy", "layers/00/offsets.npy", "features.parquet"
NODE_TWICE = [[0, 1, 0.1, 2], [17, 17, 0.2, 4], [18, 18, 0.3, 8]]
N_NEURONS = sum(map(len, LAYERS.values()))


def cells(value: float, length: int, kind) -> pa.Array:
    return pa.array([[value] * length] * N_FEATURES, pa.list_(kind, length))


def column_of(value, kind=None) -> pa.Array:
    return pa.array([value] * N_FEATURES, kind)


def pickled(root: Path) -> None:
    np.save(root / "tokens.npy", np.array([{}], dtype=object), allow_pickle=True)


def archived(root: Path) -> None:
    np.savez(root / "a.npz", tokens=np.zeros(3))
    (root / "a.npz").rename(root / "tokens.npy")


def column_twice(root: Path) -> None:
    table = pq.read_table(root / FEATURES_TABLE)
    pq.write_table(table.append_column("size", table["size"]), root / FEATURES_TABLE)


def many_rows(root: Path) -> None:
    """Write a small file that would fill the memory."""
    pq.write_table(pa.table({"layer": np.zeros(10**6, np.int16)}), root / "neurons.parquet")


def replace_tokens_file(create: Callable[[Path], None]) -> Damage:
    return lambda root: ((root / "tokens.npy").unlink(), create(root / "tokens.npy"))


def unlisted(root: Path, name: str) -> None:
    files = manifest_of(root)["files"]
    del files[name]
    set_manifest(root, files=files)


NUMBERS = (b"IxSQ", D_IN, N_FEATURES, 2**20, 2**20, True, 0, 0, 0, 0.0, D_IN, D_IN, 2 * D_IN)
TOO_MANY = (b"IxSQ", D_IN, 2**40, *NUMBERS[3:])


def vocabulary(tokens: list) -> Damage:
    return replace_file("vocab.json", json.dumps(tokens).encode())


REFUSED: dict[str, Damage] = {
    "a pickle": pickled,
    "a bare pickle": replace_file("tokens.npy", b"\x80\x04K\x01."),
    "an archive": archived,
    "nothing": replace_file("tokens.npy", b""),
    "another type": replace_array("tokens.npy", lambda a: a.astype(np.int64)),
    "another byte order": replace_array("tokens.npy", lambda a: a.astype(">i4")),
    "another shape": replace_array("layers/00/W_in.npy", lambda a: a.T.copy()),
    "one dimension more": replace_array("lengths.npy", lambda a: a[:, None]),
    "numbers too many": replace_bytes("lengths.npy", b"\n", b"\n\0"),
    "a header of expressions": replace_bytes("lengths.npy", b"(40,)", b"(8*5,)"),
    "a header of another shape": replace_bytes("lengths.npy", b"(40,)", b"(41,)"),
    "a header of a huge shape": replace_bytes(
        "tokens.npy", b"(40, 24), }" + b" " * 20, b"(4294967296, 4294967296), }    "
    ),
    "offsets that overflow": set_values(OFFSETS, slice(1, 3), [2**63 - 1, -2]),
    "a node used twice": set_values(TREES, slice(3), NODE_TWICE),
    "half a node": set_values(TREES, (0, 0), 1.5),
    "a cycle": set_values(TREES, (0, 0), 17),
    "falling heights": set_values(TREES, (15, 2), 0),
    "heights beyond distances": set_values(TREES, (15, 2), 1e9),
    "wrong counts": set_values(TREES, (3, 3), 99),
    "labels of another tree": replace_array("layers/00/feature.npy", lambda a: a[::-1].copy()),
    "too many features": replace_columns("neurons.parquet", n_features=np.full(N_NEURONS, 2**31 - 1, np.int32)),
    "a negative number of features": replace_columns(
        "neurons.parquet", n_features=np.array([-5, 5] + [1] * 9, np.int32)
    ),
    "a wrong size": replace_columns(FEATURES_TABLE, size=column_of(2**31 - 1, pa.int32())),
    "no key token": replace_columns(FEATURES_TABLE, key_tokens=cells(-1, 3, pa.int32())),
    "cosines of 1000": replace_columns(FEATURES_TABLE, cosine_neuron=cells(1e3, 20, pa.float16())),
    "cosines of NaN": replace_columns(FEATURES_TABLE, cosine_neuron=cells(np.nan, 20, pa.float16())),
    "cosines of a listed space missing": replace_columns(FEATURES_TABLE, cosine_aligned=None),
    "names of unknown tokens": replace_columns(FEATURES_TABLE, name_keys=cells(len(VOCAB), 3, pa.int32())),
    "negative context tokens": replace_columns(FEATURES_TABLE, name_context=cells(-2, 2, pa.int32())),
    "a map position of NaN": replace_columns(FEATURES_TABLE, map_x=column_of(np.nan, pa.float32())),
    "a map position out of range": replace_columns(FEATURES_TABLE, map_y=column_of(1e30, pa.float32())),
    "a negative distance": set_values("layers/00/center_distance.npy", 3, -0.5),
    "a distance of NaN": set_values("layers/02/center_distance.npy", 3, np.nan),
    "logits of an unknown token": set_values("layers/00/logit_tokens.npy", (1, 0, 2), len(VOCAB)),
    "a logit of NaN": set_values("layers/00/logit_effects.npy", (1, 1, 2), np.nan),
    "a logit without a token": set_values("layers/00/logit_tokens.npy", (1, 1, 2), -1),
    "logits unlisted": lambda root: unlisted(root, "layers/02/logit_effects.npy"),
    "a missing file of logits": lambda root: (root / "layers/02/logit_tokens.npy").unlink(),
    "a part of NaN": set_values("layers/00/contributions.npy", (1, 2), np.nan),
    "an infinite part": set_values("layers/02/contributions.npy", (1, 2), np.inf),
    "a negative head": set_values("layers/00/read_head.npy", (1, 0), -1),
    "a head that is an MLP": set_values("layers/00/read_head.npy", (1, 0), 2),
    "a reading before the text": set_values("layers/00/read_back.npy", (1, 0), 25),
    "a reading after the text": set_values("layers/00/read_back.npy", (1, 0), -24),
    "a reading far away": set_values("layers/00/read_back.npy", (1, 0), -(2**15)),
    "parts unlisted": lambda root: unlisted(root, "layers/02/contributions.npy"),
    "parts of another model": set_fields(contributions={"position": True, "heads": 3, "own_attention": True}),
    "too many parts": set_fields(contributions={"position": True, "heads": 2**40, "own_attention": True}),
    "parts of another type": set_fields(contributions={"position": 1, "heads": 2, "own_attention": True}),
    "parts with an unknown field": set_fields(contributions={**asdict(PARTS), "more": 1}),
    "no parts and no reason": set_fields(contributions=""),
    "a reason too long": set_fields(contributions="x" * 10**4),
    "parts of latents": set_fields(units="latents"),
    "a column of texts": replace_columns(FEATURES_TABLE, size=column_of("<b>")),
    "a column of nulls": replace_columns(FEATURES_TABLE, size=column_of(None, pa.int32())),
    "a dictionary column": replace_columns(FEATURES_TABLE, size=column_of(1, pa.int32()).dictionary_encode()),
    "lists of many lengths": replace_columns(FEATURES_TABLE, key_tokens=[[1], [1] * 5] * 8 + [[1] * 3]),
    "one column less": replace_columns(FEATURES_TABLE, size=None),
    "one column twice": column_twice,
    "a million neurons": many_rows,
    "a vocabulary of numbers": vocabulary([1] * len(VOCAB)),
    "no vocabulary": vocabulary([]),
    "a token too long": vocabulary(["x" * 10**6, *VOCAB[1:]]),
    "a deep vocabulary": replace_file("vocab.json", b"[" * 10**5),
    "a space unknown": set_fields(spaces=["colour"], default_space="colour"),
    "a space twice": set_fields(spaces=["neuron", "neuron"]),
    "no baselines": set_fields(baselines=[]),
    "version True": set_fields(schema_version=True),
    "depth": set_fields(seed=DEEP),
    "a long manifest": set_fields(seed="x" * 2**22),
    "no list of files": set_fields(files={}),
    "a cut of NaN": set_fields(default_cut=float("nan")),
    "a cut of another tree": set_fields(default_cut=0.0),
    "a sample of another size": set_fields(sample_positions=N_SAMPLED + 1),
    "negative counts": set_values("layers/00/histogram.npy", (0, slice(2)), [-1, N_SAMPLED + 1]),
    "a reversed range": replace_array("layers/00/histogram_range.npy", lambda a: a[:, ::-1] + [1, 0]),
    "a mean of NaN": set_values("layers/00/input_mean.npy", 0, np.nan),
    "an infinite covariance": set_values("layers/02/input_covariance.npy", 0, np.inf),
    "inputs of other rows": replace_array("inputs/00.npy", lambda x: x[1:]),
    "inputs of another width": replace_array("inputs/00.npy", lambda x: x[:, 1:].copy()),
    "missing inputs": lambda root: (root / "inputs/00.npy").unlink(),
    "inputs unlisted": lambda root: unlisted(root, "inputs/02.npy"),
    "no index": lambda root: (root / INDEXES[0]).unlink(),
    "an index unlisted": lambda root: unlisted(root, INDEXES[1]),
    "an index of nothing": replace_file(INDEXES[0], b""),
    "an index with a flag of 3": replace_bytes(
        INDEXES[0], HEAD.pack(*NUMBERS), HEAD.pack(*NUMBERS[:5], 3, *NUMBERS[6:])
    ),
    "an index of more features": replace_bytes(INDEXES[0], HEAD.pack(*NUMBERS), HEAD.pack(*TOO_MANY)),
    "a pipe": replace_tokens_file(os.mkfifo),
    "a folder": replace_tokens_file(os.mkdir),
}


@pytest.mark.parametrize("name", REFUSED)
def test_invalid_atlases_are_refused(name: str, copy: Path):
    REFUSED[name](copy)
    seal(copy)
    assert refusal(copy)


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "layers/../../outside", "..\\outside", "C:\\outside",
    "layers/00/./tokens.npy", "", "\0", "\ud800", "a\nb", "x" * 300])  # fmt: skip
def test_unsafe_names_are_refused(name: str, copy: Path):
    (copy.parent / "outside").write_text("secret")
    set_manifest(copy, files={**manifest_of(copy)["files"], name: {"size": 6, "sha256": "0"}})
    message = refusal(copy)
    assert "outside the atlas" in message or "is missing" in message
    assert list(verify(copy)) == [message]


@pytest.mark.parametrize(
    "name", [*ARRAYS, *INDEXES, "vocab.json", FEATURES_TABLE, "search.sqlite", "layers", "layers/00", "inputs"]
)
def test_links_are_not_followed(name: str, copy: Path):
    link_out(copy, name)
    seal(copy)
    assert "is a link" in refusal(copy)


def test_linked_manifest_is_refused(copy: Path):
    link_out(copy, "manifest.json")
    assert "is a link" in refusal(copy)


SEARCHES: dict[str, Damage] = {
    "no database": replace_file("search.sqlite", b"x" * 5000),
    "empty": replace_file("search.sqlite", b""),
    "no tables": run_sql("DROP TABLE text; DROP TABLE named; DROP TABLE key_token"),
    "an endless view": run_sql(
        "DROP TABLE key_token; CREATE VIEW key_token AS WITH RECURSIVE t(token, feature, examples) AS "
        "(SELECT 1, 0, 1 UNION ALL SELECT 1, feature + 1, 1 FROM t) SELECT * FROM t"
    ),
    "a trigger": run_sql("CREATE TRIGGER t AFTER INSERT ON key_token BEGIN SELECT 1; END"),
    "features unknown": run_sql("UPDATE key_token SET feature = feature + 1000000000000"),
    "features of text": run_sql("UPDATE key_token SET feature = '<b>' || feature"),
    "features of NULL": run_sql(
        "DROP TABLE key_token; CREATE TABLE key_token(token, feature, examples); "
        "INSERT INTO key_token VALUES (1, NULL, 1)"
    ),
    "rows out of range": run_sql("INSERT INTO text(rowid, words) VALUES (-5, 'cat'), (99, 'cat')"),
    "names out of range": run_sql("INSERT INTO named(rowid, words) VALUES (-5, 'cat'), (99, 'cat')"),
    "a view of names": run_sql("DROP TABLE named; CREATE VIEW named AS SELECT 1 AS words"),
    "an endless internal table": run_sql(
        "DROP TABLE text_idx; CREATE VIEW text_idx AS WITH RECURSIVE t(segid, term, pgno) AS "
        "(SELECT 1, '', 0 UNION ALL SELECT segid + 1, '', 0 FROM t) SELECT * FROM t"
    ),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_hostile_search_indexes(name: str, copy: Path, monkeypatch):
    SEARCHES[name](copy)
    assert "search.sqlite" in refusal(copy)
    for query in ({"q": "cat"}, {"q": "cat", "mode": "token"}):
        app = open_app(copy.parent, "search", monkeypatch, **query)
        assert len(app.error) <= 1


def test_slow_query_is_stopped(copy: Path, monkeypatch):
    """Query a table of the right name with very many rows."""
    monkeypatch.setattr(search, "SECONDS", 0.01)
    rows = "WITH RECURSIVE t(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM t WHERE n < 200000) SELECT 1, n % 5, 1 FROM t"
    table = "DROP TABLE key_token; CREATE TABLE key_token(token, feature, examples)"
    change_search(copy, f"{table}; BEGIN; INSERT INTO key_token {rows}; COMMIT")
    with pytest.raises(AtlasError, match="interrupted"):
        Atlas.open(copy).search.key_token([1])


def floats(count: int, value: float) -> np.ndarray:
    return np.full(count, value, np.float32)


ODD_FIELDS = {
    "name": ODD_TEXT,
    "weights": ODD_TEXT,
    "keep": ODD_TEXT,
    "max_examples": [ODD_TEXT],
    "seed": {"a": ODD_TEXT},
    "device": "x" * 10**6,
    "maxima": {"from": {"a": 1}},
    "baselines": [ODD_TEXT, ODD_TEXT],
    "importance": {"rows": [[1]], "rows_in_all": ODD_TEXT},
    "model": dict.fromkeys(("name", "family", "act_fn", "causal"), ODD_TEXT),
    "corpus": {"name": ODD_TEXT, "n_documents": -1, "packing": None, "notes": 7},
    "libraries": {ODD_TEXT: [ODD_TEXT]},
}
EMPTY_FIELDS = {
    "name": "",
    "model": {},
    "corpus": {"notes": {"a": 1}},
    "keep": 10**400,
    "importance": 3,
    "maxima": None,
}
READABLE: dict[str, Damage] = {
    "odd words everywhere": set_fields(**ODD_FIELDS),
    "numbers in place of texts": set_fields(**EMPTY_FIELDS),
    "a vocabulary of odd words": vocabulary([ODD_TEXT] * len(VOCAB)),
    "a vocabulary of surrogates": vocabulary(["\ud800", "\udfff\ud800"] * (len(VOCAB) // 2)),
    "measures of NaN and infinity": replace_columns(
        "neurons.parquet",
        maximum=floats(N_NEURONS, np.inf),
        mean_distance=floats(N_NEURONS, np.nan),
        inter_distance=floats(N_NEURONS, np.inf),
        intra_distance=floats(N_NEURONS, np.inf),
    ),
    "a maximum of NaN": replace_columns("neurons.parquet", maximum=floats(N_NEURONS, np.nan)),
    "activations of NaN": set_values("layers/00/activation.npy", ..., np.nan),
    "infinite importances": set_values("layers/00/window_importances.npy", ..., -np.inf),
    "infinite windows": set_values("layers/00/window_activations.npy", ..., np.inf),
    "distances of features": replace_columns(
        FEATURES_TABLE, intra_distance=floats(N_FEATURES, np.inf), mean_activation=floats(N_FEATURES, np.nan)
    ),
    "refused": replace_file("tokens.npy", ODD_TEXT.encode("utf-8", "replace")),
}


@pytest.mark.fast("odd words everywhere", "NaN and infinity", "infinite windows", "refused")
@pytest.mark.parametrize("name", READABLE)
def test_pages_of_odd_atlases(name: str, copy: Path, monkeypatch):
    """Open every page; `open_app` asserts that there is no traceback."""
    READABLE[name](copy)
    seal(copy)
    refused = refusal(copy)
    assert bool(refused) == (name == "refused")
    for page, query in [*((page, {}) for page in PAGES), ("search", {"q": "script"}), ("neuron", {"layer": "0"})]:
        app = open_app(copy.parent, page, monkeypatch, **query)
        assert len(app.error) == bool(refused)
        assert json.dumps(payloads(app), allow_nan=False)  # a browser refuses NaN
        assert not any(ord("\ud800") <= ord(c) <= ord("\udfff") for element in app.markdown for c in element.value)
        assert "<b onload" not in "".join(element.proto.body for element in app.get("html"))


def test_atlas_without_examples_and_vocabulary(copy: Path, monkeypatch):
    (copy / "vocab.json").write_text("[]")
    for layer in ("00", "02"):
        for spec in (*LAYER, *CONTRIBUTIONS):
            if {"n_rows", "n_merges"} & set(spec.shape):
                change_array(copy, f"layers/{layer}/{spec.file}", lambda a: a[:0])
        change_array(copy, f"layers/{layer}/offsets.npy", lambda a: a.fill(0))
        change_array(copy, f"inputs/{layer}.npy", lambda x: x[:0])
        change_array(copy, f"layers/{layer}/logit_tokens.npy", lambda a: a.fill(-1))
        change_array(copy, f"layers/{layer}/logit_effects.npy", lambda a: a.fill(np.nan))
    for name in ("tokens.npy", "lengths.npy", *(spec.file for spec in DOCUMENTS)):
        change_array(copy, name, lambda a: a[:0])
    zero_counts = dict.fromkeys(("n_features", "n_examples", "n_suggested"), np.zeros(11, np.int32))
    change_table(copy, "neurons.parquet", **zero_counts)
    for name in ("features.parquet", "spaces.parquet"):
        pq.write_table(pq.read_table(copy / name)[:0], copy / name)
    for name in INDEXES:
        write_index(copy / name, np.zeros((0, D_IN), np.float32))
    set_manifest(copy, n_examples=0)
    seal(copy)
    assert list(verify(copy)) == []
    for page in PAGES:
        assert not open_app(copy.parent, page, monkeypatch).error


def test_large_trees_are_checked_quickly():
    rng = np.random.default_rng(0)
    one = tree(np.corrcoef(rng.normal(size=(100, 30))))
    trees, counts = np.tile(one, (10_000, 1)), np.full(10_000, 100)
    start = time.process_time()
    check_trees(Path("trees.npy"), trees, counts)
    assert time.process_time() - start < 1
