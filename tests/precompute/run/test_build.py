"""A whole build from a checkpoint and a text file: it matches plain transformers, and its bytes are reproducible."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel

from ne_core.atlas import Atlas
from ne_core.atlas.manifest import EqualN
from ne_core.atlas.verify import verify
from ne_core.method.comparison import COMPARED
from ne_core.method.contributions import Parts
from ne_core.method.separation import separation
from ne_core.method.trees.cluster import similarities
from ne_core.queries.alignment import atlas_aligners
from ne_core.queries.space_index import space_index
from ne_core.refs import NeuronRef
from precompute.__main__ import main
from precompute.evaluate.layers.features import layer_features
from tests.precompute.steps.test_write import files
from tests.support.tiny_models import tiny_checkpoint

WORDS = "the same words come back a model reads text then it says more about cats and dogs as animals"
MASKS = ["token: the", "mean-embedding"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("build")
    tiny_checkpoint("gpt2", place / "model")
    rng = np.random.default_rng(0)
    texts = (" ".join(rng.choice(WORDS.split(), size=rng.integers(5, 60))) for _ in range(60))
    (place / "corpus.txt").write_text("\n\n".join(texts))
    return place


def build(place: Path, out: str, *options: str) -> Path:
    paths = {"--model": "model", "--corpus": "corpus.txt", "--out": out}
    path_options = [part for name, value in paths.items() for part in (name, str(place / value))]
    sizes = ["--examples", "50", "--context", "24", "--layers", "0,2", "--window", "6,3", "--max-examples", "12"]
    sizes += ["--rarefy", "6", "--directions", "10"]
    sizes += ["--device", "cpu", "--work-unit", "8", "--mask", ",".join(MASKS)]
    assert main(["build", *path_options, *sizes, *options]) == 0
    return place / out


@pytest.fixture(scope="module")
def atlas(place: Path) -> Atlas:
    return Atlas.open(build(place, "atlas"))


@pytest.fixture(scope="module")
def model(place: Path):
    return AutoModel.from_pretrained(place / "model").eval()


def activations(model, layer: int, embedded: torch.Tensor) -> np.ndarray:
    """Return activations [pos neuron] of one example, by a hook on plain transformers."""
    outputs = []
    rectifier = model.encoder.layer[layer].intermediate if hasattr(model, "encoder") else model.h[layer].mlp.act
    hook = rectifier.register_forward_hook(lambda _module, _args, out: outputs.append(out[0]))
    with torch.inference_mode():
        model(inputs_embeds=embedded)
    hook.remove()
    return outputs[0].numpy()


def embedded_tokens(atlas: Atlas, model, example: int) -> torch.Tensor:
    tokens = torch.from_numpy(np.array(atlas.tokens[example, : atlas.lengths[example]])).long()
    return model.get_input_embeddings().weight.detach()[tokens][None].clone()


@pytest.fixture(scope="module")
def clean(atlas: Atlas, model) -> dict[int, np.ndarray]:
    """Return the activations of every example by plain transformers, by layer."""
    embedded = [embedded_tokens(atlas, model, example) for example in range(len(atlas.tokens))]
    return {layer: [activations(model, layer, e) for e in embedded] for layer in atlas.layers}


def test_atlas_verifies(atlas):
    assert list(verify(atlas.root)) == []
    assert atlas.layers == (0, 2)
    assert atlas.manifest.name == "model"
    assert atlas.manifest.baselines == tuple(MASKS)


def test_comparison_of_spaces_uses_the_atlas_features(atlas):
    """Compare with a tolerance, as the atlas stores weights in half precision."""
    table, by = atlas.comparison, COMPARED.index(atlas.manifest.embedding)
    assert len(table)
    for row in range(len(table)):
        ref = NeuronRef(int(table.layer[row]), int(table.neuron[row]))
        x, w = atlas.neuron_inputs(ref).astype(np.float32), atlas.weights(ref.layer).W_in[:, ref.neuron]
        feature = atlas.neuron(ref).feature.astype(np.int64)
        for i, space in enumerate(COMPARED):
            cosines = similarities(atlas.embedder(ref.layer)(space, x, w.astype(np.float32)))
            expected = separation(cosines, feature)
            assert table.silhouette[row, by, i] == pytest.approx(expected.silhouette, abs=5e-3)
            assert table.inter[row, by, i] == pytest.approx(expected.inter, abs=5e-3)


def test_layers_are_aligned_by_their_inputs(atlas):
    """The index of the space has the central examples, each by the aligner of its own layer."""
    align = atlas_aligners(atlas)
    expected = np.concatenate([layer_features(atlas, layer).units("aligned", align[layer]) for layer in atlas.layers])
    stored = space_index(atlas, "aligned").vectors(np.arange(len(expected)))
    assert ((expected * stored).sum(axis=1) > 0.99).all()
    assert (atlas.manifest.spaces, atlas.manifest.default_space) == (("neuron", "pre_mlp", "aligned"), "aligned")


@pytest.mark.slow
def test_second_build_has_the_same_bytes(place, atlas):
    assert files(build(place, "again")) == files(atlas.root)


def test_activating_examples_match_plain_transformers(atlas, clean):
    """Compare with an oracle in memory: the threshold from the whole corpus, then the first twelve above it."""
    special = atlas.vocab.index("<|endoftext|>")
    for layer in atlas.layers:
        per_example = [np.where((t[:n] == special)[:, None], -np.inf, a)[1:] for t, n, a in
                       zip(atlas.tokens, atlas.lengths, clean[layer], strict=True)]  # fmt: skip
        best = np.array([a.max(axis=0) for a in per_example])
        for number in range(atlas.n_neurons(layer)):
            neuron, maximum = atlas.neuron(NeuronRef(layer, number)), best[:, number].max()
            close = np.abs(best[:, number] - 0.75 * maximum) < 1e-5
            if close.any() or maximum <= 0:
                assert maximum > 0 or len(neuron) == 0
                continue
            expected = np.flatnonzero(best[:, number] >= 0.75 * maximum)[:12]
            assert neuron.example.tolist() == expected.tolist()
            assert neuron.pos.tolist() == [int(per_example[e][:, number].argmax()) + 1 for e in expected]
            np.testing.assert_allclose(neuron.activation, best[expected, number], rtol=2e-3, atol=1e-4)


def test_windows_match_plain_transformers(atlas, clean):
    window = atlas.manifest.window
    for number in range(0, atlas.n_neurons(2), 5):
        neuron = atlas.neuron(NeuronRef(2, number))
        for row, (example, positions) in enumerate(zip(neuron.example, window.positions(neuron.pos), strict=True)):
            inside = (positions >= 0) & (positions < atlas.lengths[example])
            np.testing.assert_allclose(
                neuron.window_activations[row][inside],
                clean[2][example][positions[inside], number],
                rtol=2e-3,
                atol=1e-3,
            )
            assert np.isnan(neuron.window_activations[row][~inside]).all()


def check_importances(atlas: Atlas, model, baselines: list[torch.Tensor], special: set[str]) -> int:
    """Compare some rows with masking one token at a time in plain transformers; return the number of values."""
    window, compared = atlas.manifest.window, 0
    for number in range(3, atlas.n_neurons(2), 9):
        neuron = atlas.neuron(NeuronRef(2, number))
        for row, (example, pos) in enumerate(zip(neuron.example[:3].tolist(), neuron.pos[:3].tolist(), strict=True)):
            clean = activations(model, 2, embedded_tokens(atlas, model, example))[pos, number]
            for place, masked in enumerate(range(pos - window.back + 1, pos + 1)):
                values = neuron.window_importances[row, :, place].tolist()
                if masked < 0 or atlas.vocab[atlas.tokens[example, masked]] in special:
                    assert np.isnan(values).all()
                    continue
                for value, baseline in zip(values, baselines, strict=True):
                    embedded = embedded_tokens(atlas, model, example)
                    embedded[0, masked] = baseline
                    lost = 1 - activations(model, 2, embedded)[pos, number] / clean
                    assert value == pytest.approx(float(lost), rel=2e-3, abs=2e-3)
                    compared += 1
    return compared


def test_importance_matches_masking_one_token_at_a_time(atlas, model):
    weight = model.wte.weight.detach()
    baselines = [weight[atlas.vocab.index(" the")], weight.mean(dim=0)]
    assert check_importances(atlas, model, baselines, {"<|endoftext|>"}) > 50


def test_contributions_sum_to_what_plain_transformers_compute(atlas, model):
    """Compare up to the rounding of the smallest part; the recorded heads are the strongest."""
    parts, compared = atlas.manifest.parts, 0
    for layer in atlas.layers:
        z = [
            pre_activations(model, layer, embedded_tokens(atlas, model, example))
            for example in range(len(atlas.tokens))
        ]
        for number in range(0, atlas.n_neurons(layer), 3):
            ref = NeuronRef(layer, number)
            neuron, contributions = atlas.neuron(ref), atlas.contributions(ref)
            expected = np.array([z[e][p, number] for e, p in zip(neuron.example, neuron.pos, strict=True)])
            np.testing.assert_allclose(
                contributions.parts.astype(np.float64).sum(axis=1), expected, rtol=1e-4, atol=1e-4
            )
            heads = np.abs(contributions.parts[:, parts.first_head :][:, : parts.n_heads(layer)].astype(np.float64))
            read_parts = np.take_along_axis(heads, contributions.read_head.astype(np.int64), axis=1)
            np.testing.assert_allclose(
                read_parts, -np.sort(-heads, axis=1)[:, : read_parts.shape[1]], rtol=2e-3, atol=1e-3
            )
            compared += len(expected)
    assert compared > 100


def pre_activations(model, layer: int, embedded: torch.Tensor) -> np.ndarray:
    """Return pre-activations [pos neuron] of one example."""
    outputs = []
    hook = model.h[layer].mlp.c_fc.register_forward_hook(lambda _module, _args, out: outputs.append(out[0]))
    with torch.inference_mode():
        model(inputs_embeds=embedded)
    hook.remove()
    return outputs[0].numpy()


def test_manifest_records_the_settings(atlas):
    manifest = atlas.manifest
    assert manifest.model.family == "gpt2"
    assert manifest.model.causal is True
    assert manifest.corpus.name == "corpus.txt"
    assert manifest.corpus.n_documents > 0
    assert manifest.maxima == {"from": "corpus"}
    assert (manifest.keep, manifest.max_examples, manifest.work_unit, manifest.dtype) == (0.75, 12, 8, "float32")
    assert manifest.contributions == Parts(position=True, heads=4, own_attention=True)
    assert manifest.importance.rows == manifest.importance.rows_in_all > 0
    assert str(atlas.root.parent) not in (atlas.root / "manifest.json").read_text()


def test_neurons_are_compared_with_random_directions(atlas):
    assert atlas.manifest.rarefied == EqualN(examples=6, sets=200, orders=10, directions=10)
    known = np.isfinite(atlas.neurons["rarefied_features"])
    assert np.array_equal(known, atlas.neurons["n_examples"] >= 6)
    assert known.any()
    assert all(len(files.random["random_features"]) == 10 for files in atlas.files.values())


@pytest.mark.slow
def test_build_without_random_directions(place):
    plain = Atlas.open(build(place, "plain", "--rarefy", "0", "--importance-passes", "0"))
    assert plain.manifest.rarefied is None
    assert "rarefied_features" not in plain.neurons


def test_maxima_from_a_file(place, caplog):
    path = place / "maxima.csv"
    rows = "".join(f"{layer},{neuron},1000\n" for layer in (0, 2) for neuron in range(64))
    path.write_text("layer,neuron,maximum\n" + rows)
    small = Atlas.open(build(place, "small", "--maxima", str(path), "--importance-passes", "0"))
    assert small.manifest.maxima["from"] == "maxima.csv"
    assert small.manifest.maxima["n_above_corpus"] == small.manifest.maxima["n_neurons"] == 2 * 64
    assert "the maximum of 128 of 128 neurons is above their highest activation in these texts" in caplog.text
    assert (small.neurons["maximum"] == 1000).all()
    assert small.neurons["n_examples"].sum() == 0  # nothing reaches 750: an atlas without a single feature
    assert list(verify(small.root)) == []
    assert small.search.words("the").tolist() == []


def test_fewer_examples_than_requested_are_reported_and_recorded(place, capsys, caplog):
    atlas = Atlas.open(build(place, "fewer", "--examples", "5000", "--importance-passes", "0", "--contributions", "no"))
    (note,) = atlas.manifest.corpus.notes
    assert note.startswith("5000 examples were requested")
    assert note in caplog.text
    assert atlas.contributions(NeuronRef(0, 0)) is None
    assert atlas.manifest.why_no_parts == "it was built with --contributions no"
    assert not (atlas.root / "layers/00/contributions.npy").exists()


@pytest.mark.slow
def test_build_of_an_encoder(tmp_path, place):
    """Compare importances of an encoder, whose prompts are recomputed, as later tokens matter to it as well."""
    folder = tiny_checkpoint("bert", tmp_path / "bert")
    atlas = Atlas.open(build(place, "encoder", "--model", str(folder), "--mask", "mask-token"))
    assert atlas.manifest.model.causal is False
    assert "is not the sum" in atlas.manifest.why_no_parts
    model = AutoModel.from_pretrained(folder).eval()
    baseline = model.get_input_embeddings().weight.detach()[atlas.vocab.index("[MASK]")]
    assert check_importances(atlas, model, [baseline], {"[CLS]", "[SEP]"}) > 30


def test_examples_have_the_lines_of_their_documents(place, atlas):
    """The first words of a document are in the text file at the line of its name."""
    lines = (place / "corpus.txt").read_text().split("\n")
    table = atlas.documents
    assert atlas.manifest.documents == "file"
    assert len(table) == atlas.manifest.corpus.n_documents
    assert table.groups[0] == "corpus.txt"  # without the folder of the builder
    for number, start in enumerate(table.starts.tolist()):
        example, pos = divmod(start, atlas.manifest.n_ctx)
        begin = max(pos, 1)  # after the special token
        text = "".join(atlas.vocab[id] for id in atlas.tokens[example, begin : atlas.lengths[example]])
        line = lines[int(table.names[number].removeprefix(" line ")) - 1]
        assert line.startswith(text[: len(line)].split("<|endoftext|>")[0])
