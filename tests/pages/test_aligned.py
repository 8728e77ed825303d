"""The space that layers share: rotated layers are followed, an unrelated one is refused, older atlases open."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ne_core.atlas import Atlas
from ne_core.method.comparable import Verdict
from ne_core.queries.layer_pairs import LayerPairs
from ne_core.refs import FeatureRef
from pages.components.side_by_side.facts import cosine, inputs_cosine
from pages.components.side_by_side.feature import side_feature
from pages.components.url.side_by_side_view import Side
from tests.support.apptest import open_app, payloads, rows_of, words
from tests.support.hostile import copy_atlas, manifest_of, seal, set_manifest
from tests.support.planted_rotations import RELATED, UNRELATED

MEANING = 5  # neuron 5 of each related layer
START = {"layer": "1", "neuron": str(MEANING), "feature": "0"}


def text_of(app) -> str:
    return words(" ".join(each.value for each in [*app.markdown, *app.caption]))


def nodes(app) -> list[str]:
    return [node["ref"] for each in payloads(app) if "nodes" in each for node in each["nodes"]]


@pytest.fixture
def older_atlas(rotated_atlas: Path, tmp_path: Path) -> Path:
    """The atlas as it was written before there was the space."""
    root = copy_atlas(rotated_atlas, tmp_path / "rotated")
    (root / "features_aligned.faiss").unlink()
    table = pq.read_table(root / "features.parquet").drop_columns(["similar_aligned", "cosine_aligned"])
    pq.write_table(table, root / "features.parquet")
    files = {name: entry for name, entry in manifest_of(root)["files"].items() if name != "features_aligned.faiss"}
    set_manifest(root, spaces=["neuron", "pre_mlp"], default_space="pre_mlp", files=files)
    seal(root)
    return root


def test_planted_meaning_is_followed_through_all_related_layers(rotated_atlas, monkeypatch):
    app = open_app(rotated_atlas.parent, "across_layers", monkeypatch, **START)
    assert nodes(app) == [f"L{layer} N{MEANING} F0" for layer in RELATED]
    assert "It is present from the first layer" in text_of(app).replace("it is", "It is")
    assert "Layer 1 can be compared with layers 0 and 2 in this space. Not with layer 3: " in text_of(app)
    assert "and continues to the last layer" not in text_of(app).split("Among")[0]


def test_unrelated_layer_has_no_trail_to_others(rotated_atlas, monkeypatch):
    app = open_app(rotated_atlas.parent, "across_layers", monkeypatch, **START | {"layer": str(UNRELATED)})
    assert nodes(app) == []
    assert "Layer 3 can be compared with no other layer in this space." in text_of(app)
    assert "Where else the feature appears, splits or merges is therefore unknown." in text_of(app)


def test_inputs_without_alignment_cannot_be_compared(rotated_atlas, monkeypatch):
    app = open_app(rotated_atlas.parent, "across_layers", monkeypatch, **START, space="pre_mlp")
    assert nodes(app) == []
    assert "Layer 1 can be compared with no other layer in this space." in text_of(app)


def test_only_related_layers_can_be_compared(rotated_atlas):
    pairs = LayerPairs(Atlas.open(rotated_atlas), "aligned")
    related = {(a, b) for a in range(4) for b in range(4) if a != b and pairs.verdict(a, b) == Verdict.COMPARABLE}
    assert related == {(a, b) for a in RELATED for b in RELATED if a != b}


def test_similar_features_are_those_of_the_meaning(rotated_atlas, monkeypatch):
    atlas = Atlas.open(rotated_atlas)
    for meaning in range(0, 60, 7):
        similar = atlas.similar(FeatureRef(0, meaning, 0), "aligned")
        assert {ref for ref, _ in similar[:2]} == {FeatureRef(layer, meaning, 0) for layer in (1, 2)}
        assert similar[1][1] > 0.8 > similar[2][1]
    app = open_app(rotated_atlas.parent, "neuron", monkeypatch, **START)
    names = [row["name"] for row in rows_of(app, "Features similar to feature 0")[:2]]
    assert sorted(names) == [f"L{layer} N{MEANING}" for layer in (0, 2)]
    assert app.session_state["_space"] == "aligned"
    assert "as aligned embeddings, R (x − μ) / σ." in text_of(app)


def test_older_atlas_keeps_its_spaces(older_atlas, monkeypatch):
    atlas = Atlas.open(older_atlas)
    assert "similar_aligned" not in atlas.features
    for page in ("across_layers", "neuron", "map", "side_by_side"):
        assert not open_app(older_atlas.parent, page, monkeypatch).error
    app = open_app(older_atlas.parent, "across_layers", monkeypatch, **START, space="aligned")
    assert [words(each.value) for each in app.error] == ["space=aligned: the spaces are neuron or pre_mlp"]
    assert app.session_state["_trail_space"] == "pre_mlp"


@pytest.mark.parametrize(
    ("other", "known"), [(FeatureRef(RELATED[0], 1, 0), True), (FeatureRef(RELATED[1], 1, 0), False)]
)
def test_unlisted_features_are_compared_within_a_layer_where_rotations_cancel(other, known, rotated_atlas):
    atlas, one = Atlas.open(rotated_atlas), FeatureRef(RELATED[0], MEANING, 0)
    listed = [side_feature(atlas, Side(ref)) for ref in (one, other)]
    unlisted = [side_feature(atlas, Side(ref, cut=1.9)) for ref in (one, other)]
    assert [each.listed for each in (*listed, *unlisted)] == [True, True, False, False]
    value = cosine(atlas, *unlisted, "aligned")
    assert value == (pytest.approx(inputs_cosine(atlas, *unlisted, "standardised")) if known else None)
    assert cosine(atlas, *listed, "aligned") is not None
