"""The adapter against METHOD §1's identity, a plain Hugging Face forward, and masking one token at a time."""

import json
import time

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformer_lens.model_bridge import TransformerBridge
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, PreTrainedTokenizerFast

from precompute.source import LayerPass, MaskedPass, UnfitModelError
from precompute.sources.transformer import masking, open_transformer
from tests.tiny_models import FAMILIES, N_CTX, tiny_checkpoint, tiny_model, tiny_tokenizer

GATED = ("llama", "gemma2", "qwen3")
# Of layer 1, the Hugging Face module that is given x, and the one that is given the activations.
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
    """Operations this small take ten times as long when their threads wait for a busy core."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {family: tiny_checkpoint(family, root / family) for family in FAMILIES}


@pytest.fixture(scope="session")
def opened(folders):
    """Every source opened once, by family and options."""
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
    seen = {}
    source.read(tokens, lengths, lambda one: seen.update({one.layer: one}), layers)
    return seen


def pre_activations(source, one: LayerPass):
    """sum(e_j) + b_in[j], from the embeddings themselves, for every neuron j."""
    weights = source.layer(one.layer)
    x = source.inputs(one.layer, one.x).flatten(0, 1).numpy()
    sums = [weights.embed(x, j).sum(1) + weights.b_in[j] for j in range(weights.n_neurons)]
    return torch.from_numpy(np.stack(sums, 1)).reshape(one.activations.shape)


@pytest.mark.parametrize("weights", ["folded", "raw"])
@pytest.mark.parametrize("family", FAMILIES)
def test_embeddings_sum_to_the_pre_activation(opened, family, weights):
    source = opened(family, weights=weights)
    for layer, one in read(source, *prompts()).items():
        expected = ACTIVATIONS[family](pre_activations(source, one))
        if family in GATED:
            other = opened(family, weights=weights, gated_embedding="in")
            expected = expected * pre_activations(other, one)
        assert one.activations.abs().max() > 0.5, f"layer {layer} is too quiet to test anything"
        torch.testing.assert_close(one.activations, expected, atol=1e-5, rtol=1e-4)


def test_folding_where_gains_are_zero(tmp_path):
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
def test_folding_is_that_of_transformer_lens(opened, folders, family):
    """The author's embeddings came from HookedTransformer's processed weights; compatibility mode computes them."""
    bridge = TransformerBridge.boot_transformers(str(folders[family]))
    bridge.enable_compatibility_mode(disable_warnings=True)
    tokens, _ = prompts()
    _, cache = bridge.run_with_cache(tokens)
    source = opened(family)
    one = read(source, tokens, torch.full((4,), 20))[2]
    mlp = bridge.blocks[2].mlp
    W = mlp.W_gate if family in GATED else mlp.W_in
    theirs = cache["blocks.2.mlp.hook_in"][..., None] * W
    ours = source.inputs(2, one.x)[..., None] * torch.from_numpy(source.layer(2).W_in)
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-3)


def test_after_a_post_norm_there_is_nothing_to_fold(opened):
    folded, raw = opened("bert", weights="folded").layer(1), opened("bert", weights="raw").layer(1)
    assert (folded.W_in == raw.W_in).all()
    assert (folded.b_in == raw.b_in).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_reads_what_plain_hugging_face_computes(opened, folders, family):
    tokens, lengths = prompts()
    model = hugging_face(folders[family])
    seen = {}
    x_module, a_module = (model.get_submodule(name) for name in MLPS[family])
    x_module.register_forward_pre_hook(lambda _, args: seen.update(x=args[0]))
    a_module.register_forward_pre_hook(lambda _, args: seen.update(a=args[0]))
    real = torch.arange(tokens.shape[1]) < lengths[:, None]
    with torch.inference_mode():
        model(tokens, attention_mask=real.long())
    one = read(opened(family, weights="raw"), tokens, lengths, layers=[1])[1]
    for ours, theirs in ((one.x, seen["x"]), (one.activations, seen["a"])):
        torch.testing.assert_close(ours[real], theirs.reshape(ours.shape)[real], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("family", ["gpt2", "opt", "bert"])
def test_padding_changes_no_real_position(opened, family):
    source = opened(family)
    tokens, lengths = prompts()
    padded = read(source, tokens, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = read(source, tokens[row : row + 1, :length], lengths[row : row + 1])
        for layer, one in alone.items():
            among_others = padded[layer].activations[row, :length]
            torch.testing.assert_close(one.activations[0], among_others, atol=1e-5, rtol=1e-4)


def test_layers_are_visited_in_order_and_only_those_asked_for(opened):
    source = opened("gpt2")
    seen = []
    source.read(*prompts(), lambda one: seen.append(one.layer), layers=[2, 0])
    assert seen == [0, 2]
    assert source.layers == (0, 1, 2)
    assert not any(point.fwd_hooks for point in source._bridge.hook_dict.values())


def test_an_error_in_visit_comes_out_and_leaves_no_hooks(opened):
    source = opened("gpt2")
    with pytest.raises(KeyError):
        source.read(*prompts(), lambda one: {}[one])
    assert not any(point.fwd_hooks for point in source._bridge.hook_dict.values())


def masked(source, tokens, lengths, wanted, baseline, n_after, layers=None) -> dict[tuple, torch.Tensor]:
    """Activations by (prompt, masked position, layer), and with them the position of their first row."""
    seen = {}

    def visit(one: MaskedPass):
        for prompt, activations in zip(one.index.tolist(), one.activations, strict=True):
            assert (prompt, one.masked, one.layer) not in seen
            seen[prompt, one.masked, one.layer] = (one.start, activations.clone())

    source.read_masked(tokens, lengths, wanted, baseline, n_after, visit, layers)
    return seen


def hugging_face(folder):
    auto = AutoModelForMaskedLM if "bert" in folder.name else AutoModelForCausalLM
    return auto.from_pretrained(folder, attn_implementation="eager").eval()


def naive(model, activations, tokens, baseline, at):
    """What the module `activations` is given on one unpadded prompt, one embedding replaced, by Hugging Face alone."""
    seen = {}

    def replace(_, args, embedding):
        embedding[:, at] = baseline
        return embedding

    hooks = [
        model.get_input_embeddings().register_forward_hook(replace),
        model.get_submodule(activations).register_forward_pre_hook(lambda _, args: seen.update(a=args[0])),
    ]
    with torch.inference_mode():
        model(tokens[None])
    for hook in hooks:
        hook.remove()
    return seen["a"].reshape(len(tokens), -1)


@pytest.mark.parametrize("family", ["gpt2", "neox", "llama", "opt", "gemma2", "bert"])
def test_masking_equals_masking_one_token_at_a_time(opened, folders, family, monkeypatch):
    monkeypatch.setattr(masking, "TOKENS_PER_PASS", 45)  # several passes, some of them with several positions
    source = opened(family)
    tokens, lengths = prompts()
    wanted = torch.tensor([(row, at) for row in (3, 0, 1) for at in (0, 1, 4, 5, 9) if at < lengths[row]])
    wanted = torch.cat([wanted, torch.tensor([[0, 19]])])
    (baseline,) = source.baselines(["mean-embedding"]).values()
    seen = masked(source, tokens, lengths, wanted, baseline, n_after=6, layers=[1])
    assert len(seen) == len(wanted)
    model = hugging_face(folders[family])
    for prompt, at in wanted.tolist():
        start, activations = seen[prompt, at, 1]
        whole = naive(model, MLPS[family][1], tokens[prompt, : lengths[prompt]], baseline, at)
        expected = whole[start : at + 6] if source.causal else whole
        assert start == (at if source.causal else 0)
        torch.testing.assert_close(activations[: len(expected)], expected, atol=1e-4, rtol=1e-4)


def test_keys_and_values_are_reused_where_they_can_be(opened):
    assert [family for family in FAMILIES if opened(family)._reuses] == ["gpt2", "neox", "llama", "opt", "qwen3"]


@pytest.mark.parametrize("n_after", [4, 5])
def test_keys_and_values_are_reused_as_far_as_attention_sees(tmp_path, n_after, monkeypatch):
    folder = tiny_checkpoint("gemma2", tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "sliding_window": 24}))
    source = open_transformer(str(folder))
    tokens, lengths = prompts()
    wanted = torch.tensor([[0, 1], [0, 15], [1, 7]])
    (baseline,) = source.baselines(["mean-embedding"]).values()
    reused = []
    reuse = masking.reuse
    monkeypatch.setattr(masking, "reuse", lambda *args: (reused.append(True), reuse(*args)))
    seen = masked(source, tokens, lengths, wanted, baseline, n_after)
    assert bool(reused) == (tokens.shape[1] + n_after <= 24)
    monkeypatch.setattr(source, "_reuses", False)
    for key, (start, activations) in masked(source, tokens, lengths, wanted, baseline, n_after).items():
        assert start == seen[key][0]
        torch.testing.assert_close(activations, seen[key][1], atol=1e-4, rtol=1e-4)


def test_masked_layers_come_in_order_and_share_a_pass(opened):
    source = opened("gpt2")
    tokens, lengths = prompts()
    wanted = torch.tensor([[0, 3], [1, 3], [2, 7]])
    (baseline,) = source.baselines(["token:a"]).values()
    seen = masked(source, tokens, lengths, wanted, baseline, n_after=4)
    assert list(seen) == [(p, at, layer) for layer in range(3) for p, at in wanted.tolist()]
    source.read_masked(tokens, lengths, torch.zeros(0, 2, dtype=torch.long), baseline, 4, pytest.fail)
    with pytest.raises(ValueError, match="must be a token of its prompt"):
        masked(source, tokens, lengths, torch.tensor([[1, int(lengths[1])]]), baseline, 4)


def test_baselines(opened):
    gpt2, bert = opened("gpt2"), opened("bert")
    assert (gpt2.default_baseline(), bert.default_baseline()) == ("mean-embedding", "mask-token")
    found = bert.baselines(["mask-token", "mean-embedding", "token:a"])
    table = bert._bridge.embed.weight.detach()
    torch.testing.assert_close(found["mask-token"], table[bert.tokenizer.mask_token_id])
    torch.testing.assert_close(found["mean-embedding"], table[: len(bert.tokenizer)].mean(0))
    torch.testing.assert_close(found["token:a"], table[bert.tokenizer.encode("a", add_special_tokens=False)[0]])
    for name, said in {
        "mask-token": "use mean-embedding or token:TEXT",
        "token:unheard-of": "a baseline is exactly one",
        "zero": "there are mask-token, mean-embedding and token:TEXT",
    }.items():
        with pytest.raises(ValueError, match=said):
            gpt2.baselines([name])


def test_gemma_embeddings_are_scaled_as_the_model_scales_them(opened):
    source = opened("gemma2")
    (baseline,) = source.baselines(["token:a"]).values()
    token = source.tokenizer.encode("a", add_special_tokens=False)[0]
    torch.testing.assert_close(baseline, source._bridge.embed.weight.detach()[token] * 16**0.5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"layers": [0, 3]}, "no layer 3: there are 0, 1, 2"),
        ({"layers": []}, "no layer at all"),
        ({"weights": "both"}, "one of folded, raw"),
        ({"gated_embedding": "out"}, "one of gate, in"),
    ],
)
def test_wrong_options_say_what_would_work(folders, options, said):
    with pytest.raises(ValueError, match=said):
        open_transformer(str(folders["gpt2"]), **options)


def test_context_longer_than_the_models(opened):
    tokens = torch.zeros(1, N_CTX + 1, dtype=torch.long)
    with pytest.raises(ValueError, match=f"at most {N_CTX}"):
        opened("gpt2").read(tokens, torch.tensor([N_CTX + 1]), pytest.fail)


@pytest.mark.parametrize("family", ["mixtral", "mamba"])
def test_architectures_without_plain_neurons_are_refused(tmp_path, family):
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
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens([f"<extra {i}>" for i in range(200)])
    tokenizer.save_pretrained(folder)


def _tokenizer_of_another_language(folder):
    backend = Tokenizer(WordLevel({"<unk>": 0, "слово": 1}, unk_token="<unk>"))
    PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>").save_pretrained(folder)


def _broken_weights(folder):
    (folder / "model.safetensors").write_bytes(b"\x10")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_no_config, "no config.json"),
        (_no_tokenizer, "no tokenizer"),
        (_only_pickled_weights, "no .*safetensors"),
        (_another_models_config, "missing or of another shape"),
        (_another_width, "cannot be loaded|another shape"),
        (_unknown_architecture, "abacus"),
        (_larger_tokenizer, "the tokenizer has ids up to"),
        (_tokenizer_of_another_language, "does not give text back"),
        (_broken_weights, "cannot be loaded"),
    ],
)
def test_incomplete_folders_are_refused_in_one_line(tmp_path, spoil, said, capfd):
    folder = tiny_checkpoint("gpt2", tmp_path)
    spoil(folder)
    capfd.readouterr()
    with pytest.raises(UnfitModelError, match=said) as refusal:
        open_transformer(str(folder))
    assert "\n" not in str(refusal.value)
    assert capfd.readouterr() == ("", "")


def test_an_unknown_name_is_refused_soon(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    start = time.monotonic()
    with pytest.raises(UnfitModelError, match="no such folder, and the model hub"):
        open_transformer("nobody/has-this-model")
    assert time.monotonic() - start < 10


def test_opening_is_silent(folders, capfd):
    open_transformer(str(folders["bert"]))
    assert capfd.readouterr() == ("", "")
