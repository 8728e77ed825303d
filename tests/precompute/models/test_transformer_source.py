"""The adapter compared with METHOD §1's identity, a plain Hugging Face forward, and masking one token at a time."""

import json
import time

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformer_lens.model_bridge import TransformerBridge
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, PreTrainedTokenizerFast

from precompute.models.source import LayerPass, Readings, UnfitModelError
from precompute.models.text_source import MaskingMode
from precompute.models.transformer import masking, open_transformer
from tests.support.tiny_models import FAMILIES, N_CTX, tiny_checkpoint, tiny_model

GATED = ("llama", "gemma2", "qwen3")
# Hugging Face modules of layer 1 whose inputs are x and the activations.
MLPS = {
    "gpt2": ("transformer.h.1.mlp", "transformer.h.1.mlp.c_proj"),
    "neox": ("gpt_neox.layers.1.mlp", "gpt_neox.layers.1.mlp.dense_4h_to_h"),
    "bert": ("bert.encoder.layer.1.intermediate", "bert.encoder.layer.1.output.dense"),
    "opt": ("model.decoder.layers.1.fc1", "model.decoder.layers.1.fc2"),
    **dict.fromkeys(GATED, ("model.layers.1.mlp", "model.layers.1.mlp.down_proj")),
}
ACTIVATIONS = {
    "gpt2": lambda z: torch.nn.functional.gelu(z, approximate="tanh"),
    "neox": torch.nn.functional.gelu,
    "bert": torch.nn.functional.gelu,
    "opt": torch.relu,
    "llama": torch.nn.functional.silu,
    "qwen3": torch.nn.functional.silu,
    "gemma2": lambda z: torch.nn.functional.gelu(z, approximate="tanh"),
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Use one thread: operations this small take ten times as long when threads wait for a busy core."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {family: tiny_checkpoint(family, root / family) for family in FAMILIES}


@pytest.fixture(scope="session")
def open_source(folders):
    """Open each source once, by family and options."""
    sources = {}

    def open_once(family, **options):
        key = (family, *sorted(options.items()))
        if key not in sources:
            sources[key] = open_transformer(str(folders[family]), **options)
        return sources[key]

    return open_once


def prompts(n=4, length=20, seed=0):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(length // 2, length + 1, (n,), generator=generator)
    lengths[0] = length
    return torch.randint(4, 300, (n, length), generator=generator), lengths


def read(source, tokens, lengths, layers=None) -> dict[int, LayerPass]:
    passes = {}
    source.read(tokens, lengths, lambda layer_pass: passes.update({layer_pass.layer: layer_pass}), layers)
    return passes


def pre_activations(source, layer_pass: LayerPass):
    """Return sum(e_j) + b_in[j] for every neuron j, from the embeddings themselves."""
    weights = source.layer(layer_pass.layer)
    x = source.inputs(layer_pass.layer, layer_pass.x).flatten(0, 1).numpy()
    sums = [weights.embed(x, j).sum(1) + weights.b_in[j] for j in range(weights.n_neurons)]
    return torch.from_numpy(np.stack(sums, 1)).reshape(layer_pass.activations.shape)


@pytest.mark.parametrize("weights", ["folded", "raw"])
@pytest.mark.parametrize("family", FAMILIES)
def test_embeddings_sum_to_pre_activation(open_source, family, weights):
    source = open_source(family, weights=weights)
    for layer, one in read(source, *prompts()).items():
        expected = ACTIVATIONS[family](pre_activations(source, one))
        if family in GATED:
            other = open_source(family, weights=weights, gated_embedding="in")
            expected = expected * pre_activations(other, one)
        assert one.activations.abs().max() > 0.5, f"layer {layer} is too quiet to test anything"
        torch.testing.assert_close(one.activations, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("family", ["gpt2", "llama", "bert"])
def test_unfolded_matches_raw_weights(open_source, family):
    """The pre-activations are the same without folding; gains and shifts are not trivial."""
    folded, raw = open_source(family, weights="folded"), open_source(family, weights="raw")
    layer, ours = folded.layer(1), raw.layer(1)
    x = np.random.default_rng(0).standard_normal((7, layer.d_in)).astype(np.float32)
    x -= x.mean(axis=1, keepdims=True)  # like a norm's output
    mlp_input, W_in = folded.unfolded(1, x)
    np.testing.assert_array_equal(W_in, ours.W_in)
    np.testing.assert_allclose(mlp_input @ W_in + ours.b_in, x @ layer.W_in + layer.b_in, atol=1e-4)
    assert (family == "bert") == np.array_equal(mlp_input, x)


def test_folding_with_zero_gains(tmp_path):
    model = tiny_model("gpt2")
    with torch.no_grad():
        model.transformer.h[1].ln_2.weight[:5] = 0
    folder = tiny_checkpoint("gpt2", tmp_path)
    model.save_pretrained(folder)
    source = open_transformer(str(folder), layers=[1])
    one = read(source, *prompts())[1]
    expected = ACTIVATIONS["gpt2"](pre_activations(source, one))
    torch.testing.assert_close(one.activations, expected, atol=1e-5, rtol=1e-4)
    assert source.inputs(1, one.x)[..., :5].abs().min() > 0


@pytest.mark.parametrize("family", ["gpt2", "neox", "llama"])
def test_folding_matches_transformer_lens(open_source, folders, family):
    """The paper's embeddings came from HookedTransformer's processed weights; compatibility mode computes them."""
    bridge = TransformerBridge.boot_transformers(str(folders[family]))
    bridge.enable_compatibility_mode(disable_warnings=True)
    tokens, _ = prompts()
    _, cache = bridge.run_with_cache(tokens)
    source = open_source(family)
    one = read(source, tokens, torch.full((4,), 20))[2]
    mlp = bridge.blocks[2].mlp
    W = mlp.W_gate if family in GATED else mlp.W_in
    theirs = cache["blocks.2.mlp.hook_in"][..., None] * W
    ours = source.inputs(2, one.x)[..., None] * torch.from_numpy(source.layer(2).W_in)
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-3)


def test_post_norm_model_has_nothing_to_fold(open_source):
    folded, raw = open_source("bert", weights="folded").layer(1), open_source("bert", weights="raw").layer(1)
    assert (folded.W_in == raw.W_in).all()
    assert (folded.b_in == raw.b_in).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_matches_plain_hugging_face(open_source, folders, family):
    tokens, lengths = prompts()
    model = hugging_face(folders[family])
    inputs = {}
    x_module, a_module = (model.get_submodule(name) for name in MLPS[family])
    x_module.register_forward_pre_hook(lambda _, args: inputs.update(x=args[0]))
    a_module.register_forward_pre_hook(lambda _, args: inputs.update(a=args[0]))
    real = torch.arange(tokens.shape[1]) < lengths[:, None]
    with torch.inference_mode():
        model(tokens, attention_mask=real.long())
    one = read(open_source(family, weights="raw"), tokens, lengths, layers=[1])[1]
    for ours, theirs in ((one.x, inputs["x"]), (one.activations, inputs["a"])):
        torch.testing.assert_close(ours[real], theirs.reshape(ours.shape)[real], atol=1e-4, rtol=1e-4)


def test_activation_functions_are_fused(open_source):
    modules = {type(module).__name__ for module in open_source("gpt2")._bridge.modules()}
    assert "GELU" in modules
    assert "NewGELUActivation" not in modules


@pytest.mark.parametrize("family", ["gpt2", "opt", "bert"])
def test_padding_does_not_change_real_positions(open_source, family):
    source = open_source(family)
    tokens, lengths = prompts()
    padded = read(source, tokens, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = read(source, tokens[row : row + 1, :length], lengths[row : row + 1])
        for layer, one in alone.items():
            among_others = padded[layer].activations[row, :length]
            torch.testing.assert_close(one.activations[0], among_others, atol=1e-5, rtol=1e-4)


def test_requested_layers_are_visited_in_order(open_source):
    source = open_source("gpt2")
    visited = []
    source.read(*prompts(), lambda one: visited.append(one.layer), layers=[2, 0])
    assert visited == [0, 2]
    assert source.layers == (0, 1, 2)
    assert not any(point.fwd_hooks for point in source._bridge.hook_dict.values())


def test_error_in_visit_leaves_no_hooks(open_source):
    source = open_source("gpt2")
    with pytest.raises(KeyError):
        source.read(*prompts(), lambda one: {}[one])
    assert not any(point.fwd_hooks for point in source._bridge.hook_dict.values())


def random_readings(source, lengths, wanted, each=8, layers=None, seed=0) -> Readings:
    """Return random activations for every (prompt, masked position) in `wanted`, at most 6 tokens after the mask."""
    rng, columns = np.random.default_rng(seed), []
    for prompt, masked in wanted:
        stop = min(masked + rng.integers(1, 7), lengths[prompt])
        pos = rng.integers(masked if source.causal else 0, stop, each)
        of_layers = layers or source.layers[: rng.integers(1, len(source.layers) + 1)]
        neuron = rng.integers(0, source.layer(source.layers[0]).n_neurons, each)
        columns.append(
            np.stack([np.full(each, prompt), np.full(each, masked), pos, rng.choice(of_layers, each), neuron])
        )
    return Readings(*np.concatenate(columns, axis=1)[:, rng.permutation(each * len(columns))])


def hugging_face(folder):
    auto = AutoModelForMaskedLM if "bert" in folder.name else AutoModelForCausalLM
    return auto.from_pretrained(folder, attn_implementation="eager").eval()


def naive(family, model, tokens, baseline, masked) -> list[torch.Tensor]:
    """Return each layer's activations on one unpadded prompt with one embedding replaced, by Hugging Face alone."""
    values = {}

    def replace(_, args, embedding):
        embedding[:, masked] = baseline
        return embedding

    hooks = [model.get_input_embeddings().register_forward_hook(replace)]
    for layer in range(3):
        module = model.get_submodule(MLPS[family][1].replace(".1.", f".{layer}."))
        keep = lambda _, args, layer=layer: values.update({layer: args[0].reshape(len(tokens), -1)})  # noqa: E731
        hooks.append(module.register_forward_pre_hook(keep))
    with torch.inference_mode():
        model(tokens[None])
    for hook in hooks:
        hook.remove()
    return [values[layer] for layer in range(3)]


def naive_values(family, folder, tokens, lengths, readings: Readings, baseline) -> np.ndarray:
    model, cache, values = hugging_face(folder), {}, []
    columns = (readings.prompt, readings.masked, readings.pos, readings.layer, readings.neuron)
    for prompt, masked, pos, layer, neuron in zip(*(column.tolist() for column in columns), strict=True):
        if (prompt, masked) not in cache:
            cache[prompt, masked] = naive(family, model, tokens[prompt, : lengths[prompt]], baseline, masked)
        values.append(float(cache[prompt, masked][layer][pos, neuron]))
    return np.array(values)


@pytest.mark.parametrize("windows", [1, 3])
@pytest.mark.parametrize("family", ["gpt2", "neox", "llama", "opt", "qwen3", "gemma2", "bert"])
def test_masking_matches_one_token_at_a_time(open_source, folders, family, windows, monkeypatch):
    monkeypatch.setattr(masking, "TOKENS_PER_PASS", {"cpu": 45})  # several passes, some with several prompts
    monkeypatch.setattr(masking, "WINDOWS_PER_ROW", windows)
    source = open_source(family)
    tokens, lengths = prompts()
    wanted = [(row, masked) for row in (3, 0, 1) for masked in (0, 1, 4, 5, 6, 9) if masked < lengths[row]] + [
        (0, 18),
        (0, 19),
    ]
    (baseline,) = source.baselines(["mean-embedding"]).values()
    readings = random_readings(source, lengths, wanted)
    values = source.read_masked(tokens, lengths, readings, baseline)
    expected = naive_values(family, folders[family], tokens, lengths, readings, baseline)
    assert np.abs(expected).max() > 0.3
    np.testing.assert_allclose(values, expected, atol=1e-5, rtol=1e-4)
    again = source.read_masked(tokens, lengths, readings, baseline)
    assert again.tobytes() == values.tobytes()


def test_families_that_reuse_keys_and_values(open_source):
    """On a prompt of 20 tokens; Gemma 2's attention window is 8."""
    assert [family for family in FAMILIES if open_source(family).masking_mode(20).reuses] == [
        "gpt2",
        "neox",
        "llama",
        "opt",
        "qwen3",
    ]
    assert open_source("gemma2").masking_mode(8).reuses
    assert open_source("gemma2").masking_mode(20).facts == {
        "masked": "recompute",
        "why": open_source("gemma2").masking_mode(20).why,
    }


@pytest.mark.parametrize("sliding", [19, 20])
def test_keys_and_values_are_reused_within_attention_window(tmp_path, sliding, monkeypatch):
    folder = tiny_checkpoint("gemma2", tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "sliding_window": sliding}))
    source = open_transformer(str(folder))
    tokens, lengths = prompts()  # of 20 tokens
    (baseline,) = source.baselines(["mean-embedding"]).values()
    readings = random_readings(source, lengths, [(0, 1), (0, 15), (1, 7)])
    reused = []
    reuse = masking.reuse
    monkeypatch.setattr(masking, "reuse", lambda *args: (reused.append(True), reuse(*args))[1])
    values = source.read_masked(tokens, lengths, readings, baseline)
    assert bool(reused) == (sliding == 20)
    monkeypatch.setattr(source, "masking_mode", lambda n_pos: MaskingMode(reuses=False, cut=True))
    np.testing.assert_allclose(values, source.read_masked(tokens, lengths, readings, baseline), atol=1e-4, rtol=1e-4)


def test_only_needed_layers_and_positions_are_computed(open_source, monkeypatch):
    source = open_source("gpt2")
    tokens, lengths = torch.randint(4, 300, (2, 20)), torch.tensor([20, 20])
    (baseline,) = source.baselines(["token:a"]).values()
    shapes, layers_above = [], []
    hooks = [
        source._bridge.blocks[0].register_forward_pre_hook(lambda _, args: shapes.append(args[0].shape[:2])),
        source._bridge.blocks[2].register_forward_pre_hook(lambda *_: layers_above.append(True)),
    ]
    # the last positions read are 5 and 1 after the mask, and the mask itself
    columns = np.array([(0, 10, 13, 0, 1), (0, 10, 15, 1, 2), (0, 3, 4, 1, 1), (1, 3, 3, 1, 1)]).T
    source.read_masked(tokens, lengths, Readings(*columns), baseline)
    for hook in hooks:
        hook.remove()
    assert shapes == [(2, 10), (2, 8)]  # clean keys, then (6 + 2) and 1 tokens side by side
    assert not layers_above


def test_masked_readings_must_be_tokens(open_source):
    source = open_source("gpt2")
    tokens, lengths = prompts()
    (baseline,) = source.baselines(["token:a"]).values()
    empty = Readings(*np.zeros((5, 0), dtype=np.int64))
    assert source.read_masked(tokens, lengths, empty, baseline).shape == (0,)
    for masked, pos, layer in ((3, 2, 0), (int(lengths[1]), int(lengths[1]), 0), (3, int(lengths[1]), 0), (3, 3, 5)):
        wrong = Readings(*np.array([[1], [masked], [pos], [layer], [0]]))
        with pytest.raises(ValueError, match=r"must be tokens of their prompt|no layer 5"):
            source.read_masked(tokens, lengths, wrong, baseline)


class ShortOfMemory:
    """Forward pass that raises an out-of-memory error, after it has run, for more than `fits` rows."""

    def __init__(self, fits: int, monkeypatch: pytest.MonkeyPatch):
        self.fits, self.run, self.n_failed, self.n_passed = fits, masking.taps.run, 0, 0
        monkeypatch.setattr(masking.taps, "run", self)

    def __call__(self, bridge, tokens, hooks, **options):
        self.run(bridge, tokens, hooks, **options)
        if len(tokens) > self.fits:
            self.n_failed += 1
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        self.n_passed += 1


@pytest.mark.parametrize("family", ["gpt2", "bert"])
def test_pass_without_memory_is_halved(folders, family, monkeypatch, caplog):
    source = open_transformer(str(folders[family]))
    tokens, lengths = prompts(8)
    wanted = [(row, masked) for row in range(8) for masked in range(0, 10, 3)]
    (baseline,) = source.baselines(["mean-embedding"]).values()
    readings = random_readings(source, lengths, wanted)
    expected = source.read_masked(tokens, lengths, readings, baseline)
    short = ShortOfMemory(3, monkeypatch)
    values = source.read_masked(tokens, lengths, readings, baseline)
    np.testing.assert_allclose(values, expected, atol=1e-5, rtol=1e-5)
    assert short.n_failed == len(caplog.records) > 0  # logged once for each shrinking
    source.read_masked(tokens, lengths, readings, baseline)
    assert short.n_failed == len(caplog.records)
    short.fits = 0
    with pytest.raises(ValueError, match="out of memory with"):
        source.read_masked(tokens, lengths, readings, baseline)


def test_baselines(open_source):
    gpt2, bert = open_source("gpt2"), open_source("bert")
    assert (gpt2.default_baseline(), bert.default_baseline()) == ("mean-embedding", "mask-token")
    baselines = bert.baselines(["mask-token", "mean-embedding", "token:a"])
    table = bert._bridge.embed.weight.detach()
    torch.testing.assert_close(baselines["mask-token"], table[bert.tokenizer.mask_token_id])
    torch.testing.assert_close(baselines["mean-embedding"], table[: len(bert.tokenizer)].mean(0))
    torch.testing.assert_close(baselines["token:a"], table[bert.tokenizer.encode("a", add_special_tokens=False)[0]])
    for name, message in {
        "mask-token": "use mean-embedding or token:TEXT",
        "token:unheard-of": "a baseline is exactly one",
        "zero": "use mask-token, mean-embedding or token:TEXT",
    }.items():
        with pytest.raises(ValueError, match=message):
            gpt2.baselines([name])


def test_gemma_embeddings_are_scaled(open_source):
    source = open_source("gemma2")
    (baseline,) = source.baselines(["token:a"]).values()
    token = source.tokenizer.encode("a", add_special_tokens=False)[0]
    torch.testing.assert_close(baseline, source._bridge.embed.weight.detach()[token] * 16**0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": [0, 3]}, "no layer 3: this model has layers 0, 1, 2"),
        ({"layers": []}, "no layer given: this model has"),
        ({"weights": "both"}, "one of folded, raw"),
        ({"gated_embedding": "out"}, "one of gate, in"),
    ],
)
def test_wrong_options_list_valid_ones(folders, options, message):
    with pytest.raises(ValueError, match=message):
        open_transformer(str(folders["gpt2"]), **options)


def test_too_long_context_is_refused(open_source):
    tokens = torch.zeros(1, N_CTX + 1, dtype=torch.long)
    with pytest.raises(ValueError, match=f"at most {N_CTX}"):
        open_source("gpt2").read(tokens, torch.tensor([N_CTX + 1]), pytest.fail)


@pytest.mark.parametrize("family", ["mixtral", "mamba"])
def test_architectures_without_dense_mlp_are_refused(tmp_path, family):
    with pytest.raises(UnfitModelError, match="no dense MLP"):
        open_transformer(str(tiny_checkpoint(family, tmp_path)))


def _no_config(folder):
    (folder / "config.json").unlink()


def _no_tokenizer(folder):
    for file in folder.glob("tokenizer*"):
        file.unlink()


def _only_pickled_weights(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def _another_models_config(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "n_layer": 4}))


def _another_width(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "n_embd": 32}))


def _unknown_architecture(folder):
    (folder / "config.json").write_text(json.dumps({"model_type": "abacus", "architectures": ["Abacus"]}))


def _larger_tokenizer(folder):
    words = {"<unk>": 0, **{f"word{i}": i for i in range(1, 400)}}
    _word_tokenizer(words).save_pretrained(folder)


def _word_tokenizer(ids):
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel(ids, unk_token="<unk>")), unk_token="<unk>")


def _tokenizer_that_cannot_read_itself(folder):
    """Words that contain a space, which the tokenizer splits before looking them up."""
    tokenizer = _word_tokenizer({"<unk>": 0, "two words": 1, "three more words": 2})
    tokenizer.backend_tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.save_pretrained(folder)


def _broken_weights(folder):
    (folder / "model.safetensors").write_bytes(b"\x10")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_no_config, "no config.json"),
        (_no_tokenizer, "no tokenizer"),
        (_only_pickled_weights, "no .*safetensors"),
        (_another_models_config, "missing or of another shape"),
        (_another_width, "cannot be loaded|another shape"),
        (_unknown_architecture, "abacus"),
        (_larger_tokenizer, "the tokenizer has ids up to"),
        (_tokenizer_that_cannot_read_itself, "does not reproduce text"),
        (_broken_weights, "cannot be loaded"),
    ],
)
def test_incomplete_folders_are_refused(tmp_path, damage, message, capfd):
    folder = tiny_checkpoint("gpt2", tmp_path)
    damage(folder)
    capfd.readouterr()
    with pytest.raises(UnfitModelError, match=message) as refusal:
        open_transformer(str(folder))
    assert "\n" not in str(refusal.value)
    assert capfd.readouterr() == ("", "")


def test_unknown_name_is_refused_quickly(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    start = time.monotonic()
    with pytest.raises(UnfitModelError, match="no such folder, and the model hub"):
        open_transformer("nobody/has-this-model")
    assert time.monotonic() - start < 10


def test_opening_prints_nothing(folders, capfd):
    open_transformer(str(folders["bert"]))
    assert capfd.readouterr() == ("", "")
