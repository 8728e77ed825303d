"""A whole build from a checkpoint and a text file: it finds what the model does, and twice makes the same bytes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel

from ne_core.atlas import Atlas
from ne_core.atlas.manifest import EqualN
from ne_core.atlas.verify import verify
from ne_core.method.cluster import similarities
from ne_core.method.comparison import COMPARED
from ne_core.method.contributions import Parts
from ne_core.method.separation import separation
from ne_core.refs import NeuronRef
from precompute.__main__ import main
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
    given = {"--model": "model", "--corpus": "corpus.txt", "--out": out}
    paths = [part for name, value in given.items() for part in (name, str(place / value))]
    sizes = ["--examples", "50", "--context", "24", "--layers", "0,2", "--window", "6,3", "--max-examples", "12"]
    sizes += ["--rarefy", "6", "--directions", "10"]
    assert (
        main(["build", *paths, *sizes, "--device", "cpu", "--work-unit", "8", "--mask", ",".join(MASKS), *options]) == 0
    )
    return place / out


@pytest.fixture(scope="module")
def atlas(place: Path) -> Atlas:
    return Atlas.open(build(place, "atlas"))


@pytest.fixture(scope="module")
def model(place: Path):
    return AutoModel.from_pretrained(place / "model").eval()


def activations(model, layer: int, embedded: torch.Tensor) -> np.ndarray:
    """[pos neuron] of one example, by a hook on plain transformers."""
    seen = []
    rectifier = model.encoder.layer[layer].intermediate if hasattr(model, "encoder") else model.h[layer].mlp.act
    hook = rectifier.register_forward_hook(lambda _module, _given, out: seen.append(out[0]))
    with torch.inference_mode():
        model(inputs_embeds=embedded)
    hook.remove()
    return seen[0].numpy()


def embedded_tokens(atlas: Atlas, model, example: int) -> torch.Tensor:
    tokens = torch.from_numpy(np.array(atlas.tokens[example, : atlas.lengths[example]])).long()
    return model.get_input_embeddings().weight.detach()[tokens][None].clone()


@pytest.fixture(scope="module")
def clean(atlas: Atlas, model) -> dict[int, np.ndarray]:
    """Activations of every example by plain transformers, by layer."""
    embedded = [embedded_tokens(atlas, model, example) for example in range(len(atlas.tokens))]
    return {layer: [activations(model, layer, e) for e in embedded] for layer in atlas.layers}


def test_the_atlas_is_whole(atlas):
    assert list(verify(atlas.root)) == []
    assert atlas.layers == (0, 2)
    assert atlas.manifest.name == "model"
    assert atlas.manifest.baselines == tuple(MASKS)


def test_spaces_are_compared_on_the_features_of_the_atlas(atlas):
    """Weights lie in the atlas in half precision."""
    found, by = atlas.comparison, COMPARED.index(atlas.manifest.embedding)
    assert len(found)
    for at in range(len(found)):
        ref = NeuronRef(int(found.layer[at]), int(found.neuron[at]))
        x, w = atlas.neuron_inputs(ref).astype(np.float32), atlas.weights(ref.layer).W_in[:, ref.neuron]
        feature = atlas.neuron(ref).feature.astype(np.int64)
        for i, space in enumerate(COMPARED):
            cosines = similarities(atlas.embedder(ref.layer)(space, x, w.astype(np.float32)))
            told = separation(cosines, feature)
            assert found.silhouette[at, by, i] == pytest.approx(told.silhouette, abs=5e-3)
            assert found.inter[at, by, i] == pytest.approx(told.inter, abs=5e-3)


@pytest.mark.slow
def test_twice_the_same_bytes(place, atlas):
    assert files(build(place, "again")) == files(atlas.root)


def test_activating_examples_are_those_of_plain_transformers(atlas, clean):
    """The oracle keeps everything: the threshold from the whole corpus, then the first twelve above it."""
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


def test_windows_are_those_of_plain_transformers(atlas, clean):
    window = atlas.manifest.window
    for number in range(0, atlas.n_neurons(2), 5):
        neuron = atlas.neuron(NeuronRef(2, number))
        for row, (example, at) in enumerate(zip(neuron.example, window.positions(neuron.pos), strict=True)):
            inside = (at >= 0) & (at < atlas.lengths[example])
            np.testing.assert_allclose(
                neuron.window_activations[row][inside], clean[2][example][at[inside], number], rtol=2e-3, atol=1e-3
            )
            assert np.isnan(neuron.window_activations[row][~inside]).all()


def check_importances(atlas: Atlas, model, baselines: list[torch.Tensor], special: set[str]) -> int:
    """Some rows against masking one token at a time in plain transformers; returns how many values were compared."""
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


def test_importance_is_masking_one_token_at_a_time(atlas, model):
    weight = model.wte.weight.detach()
    baselines = [weight[atlas.vocab.index(" the")], weight.mean(dim=0)]
    assert check_importances(atlas, model, baselines, {"<|endoftext|>"}) > 50


def test_contributions_sum_to_what_plain_transformers_compute(atlas, model):
    """Up to the rounding of the smallest part; the heads that are named are the strongest."""
    parts, compared = atlas.manifest.parts, 0
    for layer in atlas.layers:
        z = [
            pre_activations(model, layer, embedded_tokens(atlas, model, example))
            for example in range(len(atlas.tokens))
        ]
        for number in range(0, atlas.n_neurons(layer), 3):
            neuron, wrote = atlas.neuron(NeuronRef(layer, number)), atlas.contributions(NeuronRef(layer, number))
            whole = np.array([z[e][p, number] for e, p in zip(neuron.example, neuron.pos, strict=True)])
            np.testing.assert_allclose(wrote.parts.astype(np.float64).sum(axis=1), whole, rtol=1e-4, atol=1e-4)
            heads = np.abs(wrote.parts[:, parts.first_head :][:, : parts.n_heads(layer)].astype(np.float64))
            named = np.take_along_axis(heads, wrote.read_head.astype(np.int64), axis=1)
            np.testing.assert_allclose(named, -np.sort(-heads, axis=1)[:, : named.shape[1]], rtol=2e-3, atol=1e-3)
            compared += len(whole)
    assert compared > 100


def pre_activations(model, layer: int, embedded: torch.Tensor) -> np.ndarray:
    """[pos neuron] of one example."""
    seen = []
    hook = model.h[layer].mlp.c_fc.register_forward_hook(lambda _module, _given, out: seen.append(out[0]))
    with torch.inference_mode():
        model(inputs_embeds=embedded)
    hook.remove()
    return seen[0].numpy()


def test_the_manifest_tells_how_it_was_made(atlas):
    made = atlas.manifest
    assert made.model.family == "gpt2"
    assert made.model.causal is True
    assert made.corpus.name == "corpus.txt"
    assert made.corpus.n_documents > 0
    assert made.maxima == {"from": "corpus"}
    assert (made.keep, made.max_examples, made.work_unit, made.dtype) == (0.75, 12, 8, "float32")
    assert made.contributions == Parts(position=True, heads=4, own_attention=True)
    assert made.importance.rows == made.importance.rows_in_all > 0
    assert str(atlas.root.parent) not in (atlas.root / "manifest.json").read_text()


def test_neurons_are_compared_with_random_directions(atlas):
    assert atlas.manifest.rarefied == EqualN(examples=6, sets=200, orders=10, directions=10)
    known = np.isfinite(atlas.neurons["rarefied_features"])
    assert np.array_equal(known, atlas.neurons["n_examples"] >= 6)
    assert known.any()
    assert all(len(files.random["random_features"]) == 10 for files in atlas.files.values())


def test_neurons_may_be_left_uncompared(place):
    plain = Atlas.open(build(place, "plain", "--rarefy", "0", "--importance-passes", "0"))
    assert plain.manifest.rarefied is None
    assert "rarefied_features" not in plain.neurons


def test_maxima_from_a_file_and_a_small_budget(place):
    path = place / "maxima.csv"
    rows = "".join(f"{layer},{neuron},1000\n" for layer in (0, 2) for neuron in range(64))
    path.write_text("layer,neuron,maximum\n" + rows)
    small = Atlas.open(build(place, "small", "--maxima", str(path), "--importance-passes", "0"))
    assert small.manifest.maxima["from"] == "maxima.csv"
    assert (small.neurons["maximum"] == 1000).all()
    assert small.neurons["n_examples"].sum() == 0  # nothing reaches 750: an atlas without a single feature
    assert list(verify(small.root)) == []
    assert small.search.words("the").tolist() == []


def test_fewer_examples_than_asked_for_is_said_and_recorded(place, capsys, caplog):
    atlas = Atlas.open(build(place, "fewer", "--examples", "5000", "--importance-passes", "0", "--contributions", "no"))
    (note,) = atlas.manifest.corpus.notes
    assert note.startswith("5000 examples were asked for")
    assert note in caplog.text
    assert atlas.contributions(NeuronRef(0, 0)) is None
    assert atlas.manifest.why_no_parts == "it was built with --contributions no"
    assert not (atlas.root / "layers/00/contributions.npy").exists()


def test_an_encoder_goes_through_too(tmp_path, place):
    """What comes after matters to it as well, and its prompts are recomputed: the same question, the same answer."""
    folder = tiny_checkpoint("bert", tmp_path / "bert")
    atlas = Atlas.open(build(place, "encoder", "--model", str(folder), "--mask", "mask-token"))
    assert atlas.manifest.model.causal is False
    assert "is not the sum" in atlas.manifest.why_no_parts
    model = AutoModel.from_pretrained(folder).eval()
    baseline = model.get_input_embeddings().weight.detach()[atlas.vocab.index("[MASK]")]
    assert check_importances(atlas, model, [baseline], {"[CLS]", "[SEP]"}) > 30
