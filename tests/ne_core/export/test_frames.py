"""Tests of the planted atlas's tables: their numbers, their text, and the round trip through every file format."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ne_core.atlas import Atlas
from ne_core.export.frames import (
    TEXT,
    cut_frame,
    examples_frame,
    features_frame,
    histogram_frame,
    layers_frame,
    neurons_frame,
    similar_frame,
    texts,
    tokens_frame,
)
from ne_core.export.provenance import file_name, provenance
from ne_core.export.table_files import FORMATS, FORMULA, read_table
from ne_core.queries.ranking import ranking
from ne_core.refs import FeatureRef, NeuronRef
from pages.components.text.labels import label, labels_of
from tests.support.planted import BASELINES, CUT, LAYERS, VOCAB, WINDOW


@pytest.fixture(scope="module")
def atlas(tiny_atlas) -> Atlas:
    return Atlas.open(tiny_atlas)


FRAMES = {
    "neurons": neurons_frame,
    "features": features_frame,
    "examples": lambda atlas: examples_frame(atlas, NeuronRef(2, 3)),
    "a dead neuron": lambda atlas: examples_frame(atlas, NeuronRef(0, 4)),
    "layers": layers_frame,
    "features at a cut": lambda atlas: cut_frame(atlas, NeuronRef(2, 3), 0.7),
    "histogram": lambda atlas: histogram_frame(atlas, NeuronRef(2, 3)),
    "tokens": lambda atlas: tokens_frame(atlas, NeuronRef(2, 3)),
    "similar": lambda atlas: similar_frame(atlas, FeatureRef(0, 0, 0)),
    "hostile": lambda atlas: pd.DataFrame({"token": texts([*VOCAB, *FORMULA, "''", "NA", "\r\n", "\ud800", '","'])}),
}


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("name", FRAMES)
def test_table_round_trip(name, ending, atlas, tmp_path):
    frame, origin = FRAMES[name](atlas), provenance(atlas, {"layer": "2"})
    path = tmp_path / f"table.{ending}"
    path.write_bytes(FORMATS[ending].write(frame, origin))
    if ending == "csv" and not len(frame):
        assert list(read_table(path).columns) == list(frame.columns)  # an empty CSV has no dtypes
        return
    pd.testing.assert_frame_equal(read_table(path), frame)
    assert read_table(path).attrs == ({} if ending == "csv" else origin)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_pandas_reads_files_alone(ending, atlas, tmp_path):
    path = tmp_path / f"table.{ending}"
    path.write_bytes(FORMATS[ending].write(neurons_frame(atlas), provenance(atlas)))
    pd.testing.assert_frame_equal(getattr(pd, f"read_{ending}")(path), neurons_frame(atlas))


@pytest.mark.parametrize("name", FRAMES)
def test_text_columns_are_listed(name, atlas):
    frame = FRAMES[name](atlas)
    assert {column for column in frame if frame[column].dtype == "str"} <= TEXT
    assert {str(kind) for kind in frame.dtypes} <= {"int64", "float64", "bool", "str"}


def test_csv_cells_are_no_formulas(atlas, tmp_path):
    frame = FRAMES["hostile"](atlas)
    path = tmp_path / "table.csv"
    path.write_bytes(FORMATS["csv"].write(frame, {}))
    cells = pd.read_csv(path, dtype="str", keep_default_na=False)["token"]
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r\n＝＋－＠")]


def test_json_is_plain(atlas):
    content = json.loads(FORMATS["json"].write(FRAMES["tokens"](atlas), provenance(atlas)), parse_constant=pytest.fail)
    assert content["columns"][0] == {"name": "layer", "dtype": "int64"}
    assert None in {row[f"importance_{BASELINES[0]}"] for row in content["rows"]}
    assert content["provenance"]["atlas"] == "planted"


def test_neurons_frame_has_every_neuron_and_class(atlas):
    frame = neurons_frame(atlas).set_index(["layer", "neuron"])
    assert len(frame) == sum(map(len, LAYERS.values()))
    assert frame.loc[(0, 0), "class"] == "primary-rare"
    assert frame.loc[(0, 4), "class"] == "dead"
    assert (np.float32(frame["inter_distance"]) == atlas.neurons["inter_distance"])[frame["n_features"] > 1].all()
    assert neurons_frame(atlas, [3, 1])["neuron"].tolist() == [3, 1]


def test_features_have_their_planted_tokens(atlas):
    frame = features_frame(atlas)
    for layer, neurons in LAYERS.items():
        for neuron, meanings in enumerate(neurons):
            rows = frame[(frame["layer"] == layer) & (frame["neuron"] == neuron)]
            assert sorted(rows["key_token_0"]) == sorted(VOCAB[meaning.token] for meaning in meanings)
            assert sorted(rows["size"]) == sorted(meaning.size for meaning in meanings)
    assert frame["id"].tolist() == list(range(len(frame)))


def test_examples_frame_matches_the_texts(atlas):
    frame, neuron = examples_frame(atlas, FeatureRef(2, 3, 0)), atlas.neuron(NeuronRef(2, 3))
    assert len(frame) == 4
    assert set(frame["key_token"]) == {VOCAB[21]}
    assert frame["central"].sum() == 1
    for example in frame.itertuples():
        ids = atlas.tokens[example.example, : atlas.lengths[example.example]]
        assert example.before == "".join(VOCAB[id] for id in ids[max(0, example.pos - WINDOW.back + 1) : example.pos])
        assert example.after == "".join(VOCAB[id] for id in ids[example.pos + 1 : example.pos + 1 + WINDOW.forward])
        assert np.float16(example.activation) == neuron.activation[example.row]


def test_examples_frame_at_another_cut(atlas):
    whole = examples_frame(atlas, NeuronRef(2, 3), cut=2.0)
    assert set(whole["feature"]) == {0}
    assert whole["central"].sum() == 1
    assert len(examples_frame(atlas, FeatureRef(2, 3, 0), cut=2.0)) == 9
    assert (
        examples_frame(atlas, NeuronRef(2, 3), cut=CUT)["feature"].tolist()
        == atlas.neuron(NeuronRef(2, 3)).feature.tolist()
    )


def test_tokens_frame_offsets_and_importances(atlas):
    frame, neuron = tokens_frame(atlas, NeuronRef(0, 2)), atlas.neuron(NeuronRef(0, 2))
    keys = frame[frame["offset"] == 0]
    assert keys["row"].tolist() == list(range(len(neuron)))
    assert (np.float16(keys["activation"]) == neuron.activation).all()
    known = frame[frame[f"importance_{BASELINES[1]}"].notna()]
    assert known["offset"].max() == 0  # tokens after the key token have no importance
    for token in known.itertuples(index=False):
        stored = neuron.window_importances[token.row, 1, WINDOW.key + token.offset]
        assert np.float16(token[-1]) == stored
    assert len(known) == np.isfinite(neuron.window_importances[:, 1]).sum()


def test_similar_frame_is_in_order(atlas):
    frame = similar_frame(atlas, FeatureRef(0, 0, 0), "pre_mlp")
    refs = [FeatureRef(*row) for row in frame[["layer", "neuron", "feature"]].itertuples(index=False)]
    assert refs == [ref for ref, _ in atlas.similar(FeatureRef(0, 0, 0), "pre_mlp")]
    assert frame["cosine"].is_monotonic_decreasing


@pytest.mark.parametrize("wrong", [NeuronRef(9, 0), FeatureRef(0, 0, 9), FeatureRef(0, 4, 0)])
def test_missing_neuron_or_feature_raises(wrong, atlas):
    with pytest.raises(KeyError, match="this atlas has no"):
        examples_frame(atlas, wrong)


def test_missing_space_raises(atlas):
    with pytest.raises(KeyError, match="this atlas has neuron, pre_mlp, aligned"):
        similar_frame(atlas, FeatureRef(0, 0, 0), "whitened")


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("demo", "demo-L3-N17-F2-examples.csv"),
        (".hidden", "hidden-L3-N17-F2-examples.csv"),
        ('a b"<>|\n', "a_b_-L3-N17-F2-examples.csv"),
        ("日本", "L3-N17-F2-examples.csv"),
    ],
)
def test_file_names_are_safe(slug, name, atlas):
    assert file_name(replace(atlas, slug=slug), "L3-N17-F2-examples", "csv") == name


def test_repr_of_an_atlas(atlas):
    text = repr(atlas)
    assert "planted" in text
    assert "2 layers, 11 neurons" in text
    assert len(text) < 400


def test_cut_frame_matches_features_frame(atlas):
    table = features_frame(atlas)
    for neuron in (NeuronRef(0, 2), NeuronRef(2, 3), NeuronRef(0, 3)):
        stored = table[(table["layer"] == neuron.layer) & (table["neuron"] == neuron.neuron)].reset_index(drop=True)
        computed = cut_frame(atlas, neuron)
        for column in ("feature", "size", "central", "name"):
            assert computed[column].tolist() == stored[column].tolist()
        for column in ("mean_activation", "intra_distance"):
            np.testing.assert_allclose(computed[column], stored[column], rtol=1e-3)
    assert not len(cut_frame(atlas, NeuronRef(0, 4)))


def test_names_match_the_pages(atlas):
    for id, name in enumerate(features_frame(atlas)["name"]):
        assert name == str(label(atlas, id)).replace(" …", "")
    whole = cut_frame(atlas, NeuronRef(2, 3), 2.0)["name"]
    assert whole.tolist() == [
        str(group_label).replace(" …", "") for group_label in labels_of(atlas, *whole_neuron(atlas, NeuronRef(2, 3)))
    ]


def whole_neuron(atlas: Atlas, ref: NeuronRef):
    """Return a neuron, and all of its examples as one feature."""
    neuron = atlas.neuron(ref)
    return neuron, np.zeros(len(neuron), dtype=np.int64)


def test_layers_frame_sums(atlas):
    frame = layers_frame(atlas)
    assert frame["neurons"].tolist() == [len(LAYERS[0]), len(LAYERS[2])]
    assert frame["living"].tolist() == [5, 4]
    assert (frame.filter(like="class_").sum(axis=1) == frame["neurons"]).all()
    assert frame["features"].sum() == len(features_frame(atlas))
    np.testing.assert_allclose(frame["mean_distance_50%"], ranking(atlas).quantiles("mean_distance")[:, 2])


def test_histogram_counts_the_sample(atlas):
    frame, histogram = histogram_frame(atlas, NeuronRef(0, 0)), atlas.histogram(NeuronRef(0, 0))
    assert frame["positions"].sum() == atlas.manifest.sample_positions
    assert (frame["low"][0], frame["high"].iloc[-1]) == (histogram.low, histogram.high)
