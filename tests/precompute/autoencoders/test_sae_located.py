"""Dictionaries by their names: `hf://…` and RELEASE/ID, downloaded once from a double of the hub; SAELens's table."""

import json
import socket
from pathlib import Path

import pytest

from ne_core.atlas import Atlas
from precompute.__main__ import main
from precompute.config import PRESETS
from precompute.models import of_atlas
from precompute.models.autoencoder import releases as table
from precompute.models.autoencoder.config import SaeError
from precompute.models.autoencoder.files import read_sae, sae_sha256
from precompute.models.autoencoder.forms.gemma_scope import hooks_by_folder
from precompute.models.autoencoder.located import locate
from precompute.models.autoencoder.releases import published, releases
from precompute.models.of_atlas import NoModelError, find_sae
from tests.support import hub as doubles
from tests.support.models import dictionary_forms as forms
from tests.support.tiny_models import tiny_checkpoint

# form: (maker, the repository's folder among what it writes, the path that is asked for)
ON_HUB = {
    "SAELens": (forms.saelens_gated, "", "sae"),
    "Gemma Scope": (forms.gemma_scope, "gemma-scope-2b-pt-res", "layer_1/width_16k/average_l0_71"),
    "Gemma Scope, its file": (forms.gemma_scope, "gemma-scope-2b-pt-res", "layer_1/width_16k/average_l0_71/params.npz"),
    "Gemma Scope 2": (forms.gemma_scope_2, "", "sae"),
    "sparsify": (forms.sparsify, "sae", "layers.1"),
    "dictionary_learning": (forms.dl_batchtopk, "sae", "resid_post_layer_1/trainer_0"),
    "circuit-tracer": (forms.circuit_tracer, "sae", "layer_1.safetensors"),
    "circuit-tracer, cross-layer": (forms.cross_layer, "sae", "W_enc_1.safetensors"),
}


@pytest.fixture
def models(hub, monkeypatch, tmp_path):
    """Function that puts a folder's files into a repository of the hub's double; the client's cache is empty."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))

    def upload(folder: Path, repository: str) -> None:
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        hub.repositories[repository] = doubles.Repository(private=False)
        hub.repositories[repository].commit({**files, "large.bin": b"not needed"})

    return upload


@pytest.mark.parametrize("name", ON_HUB)
def test_a_path_on_the_hub_is_downloaded_once(models, hub, tmp_path, name):
    maker, top, path = ON_HUB[name]
    local, _ = maker(tmp_path / "made" / ("" if name.startswith("Gemma Scope") and "2" not in name else "sae"))
    repository = f"me/{top if top.startswith('gemma') else 'dictionaries'}"
    models(tmp_path / "made" / top, repository)
    located = locate(f"hf://{repository}/{path}")
    config, weights = read_sae(located.place)
    expected, expected_weights = read_sae(local)
    assert (config, located.fields) == (expected, {})
    assert all(bool((weights[key] == values).all()) for key, values in expected_weights.items())
    assert sae_sha256(located.place) == sae_sha256(local)
    sha = hub.repositories[repository].head
    assert located.source == f"hf://{repository}@{sha}/{path}"
    assert not any("large.bin" in request[2] for request in hub.requests)
    n_requests = len(hub.requests)
    assert locate(f"hf://{repository}/{path}").place == located.place
    assert locate(located.source, offline=True).place == located.place
    assert len(hub.requests) == n_requests


def test_an_interrupted_download_is_completed(models, tmp_path):
    """Without its decoder a layer is not complete, and without config.yaml it would be read at another place."""
    forms.cross_layer(tmp_path / "made")
    models(tmp_path / "made", "me/dictionaries")
    text = "hf://me/dictionaries/W_enc_1.safetensors"
    place = locate(text).place
    assert place.with_name("config.yaml").is_file()
    place.with_name("W_dec_1.safetensors").unlink()
    assert read_sae(locate(text).place)[0].hook == "blocks.1.hook_resid_mid"


@pytest.fixture
def one_release(monkeypatch):
    """Put a release of the double into the table."""
    facts = {
        "repository": "me/dictionaries",
        "form": "sae_lens",
        "fields": {"normalize_activations": "expected_average_only_in"},
        "paths": {"blocks.1.hook_resid_post": "one/sae", "blocks.2.hook_resid_post": ""},
        "scales": {"blocks.1.hook_resid_post": 2.5},
    }
    others = {"form": "llama_scope", "repository": "me/other", "paths": {"l0r_8x": "L0R"}}
    monkeypatch.setattr(table, "releases", lambda: {"tiny-res-me": facts, "tiny-llama-scope": others})


def test_a_release_brings_the_fields_that_its_settings_lack(models, one_release, tmp_path):
    forms.saelens_scaled(tmp_path / "made" / "one" / "sae")
    cfg_path = tmp_path / "made" / "one" / "sae" / "cfg.json"
    cfg = json.loads(cfg_path.read_text())
    expected, _ = read_sae(cfg_path.parent)
    cfg_path.write_text(json.dumps({**cfg, "normalize_activations": "none", "norm_scaling_factor": None}))
    models(tmp_path / "made", "me/dictionaries")
    located = locate("tiny-res-me/blocks.1.hook_resid_post")
    assert located.name == "tiny-res-me-blocks.1.hook_resid_post"
    assert located.fields == {"normalize_activations": "expected_average_only_in", "norm_scaling_factor": 2.5}
    assert read_sae(located.place, located.fields)[0] == expected
    assert expected.scale == 2.5
    assert locate("hf://me/dictionaries/one/sae").fields == located.fields  # by its path as well


BAD = {
    "tiny-res-me/blocks.3.hook_resid_post": "has no ID 'blocks.3.hook_resid_post'; it has blocks.",
    "tiny-llama-scope/l0r_8x": "has the form 'llama_scope', which is not supported; supported are sae_lens, gemma_2",
    "tiny-res-em/blocks.1.hook_resid_post": "no such folder; did you mean the release tiny-res-me?",
    "nowhere/else": "no such folder; expected a folder with cfg.json",
    "hf://me": "no address of a dictionary: write hf://OWNER/NAME/PATH",
    "hf://me/dictionaries/../secret": "no address of a dictionary: write hf://OWNER/NAME/PATH",
    "hf://me/missing/sae": "the model hub does not give",
    "hf://me/dictionaries/empty": "no dictionary in this repository under this path; expected a folder with cfg.json",
    "hf://me/dictionaries@nothing/sae": "the model hub does not give",
}


@pytest.mark.parametrize("text", BAD)
def test_other_names_are_refused_in_one_line(models, one_release, tmp_path, text):
    forms.saelens_gated(tmp_path / "made" / "sae")
    models(tmp_path / "made", "me/dictionaries")
    with pytest.raises(SaeError) as error:
        locate(text)
    assert BAD[text] in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 400


def test_without_the_hub(models, monkeypatch):
    from huggingface_hub import constants

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # does not listen
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(SaeError, match="not on this machine, and the model hub cannot be reached; give a local"):
            locate("hf://me/dictionaries/sae")


def test_a_build_of_a_published_dictionary_and_its_model_again(models, hub, tmp_path, monkeypatch, capsys):
    """The manifest says where it is from; the live model finds it in the client's cache, and downloads nothing."""
    forms.gemma_scope(tmp_path / "made")
    models(tmp_path / "made" / "gemma-scope-2b-pt-res", "me/gemma-scope-2b-pt-res")
    tiny_checkpoint("gpt2", tmp_path / "model")
    (tmp_path / "corpus.txt").write_text("the cat sat on the mat\n\nthe dog ate\n" * 20)
    text = "hf://me/gemma-scope-2b-pt-res/layer_1/width_16k/average_l0_71"
    command = ["build", "--model", str(tmp_path / "model"), "--sae", text, "--corpus", str(tmp_path / "corpus.txt")]
    sizes = ["--examples", "10", "--context", "12", "--window", "4,2", "--importance-passes", "0", "--device", "cpu"]
    assert main([*command, *sizes, "--out", str(tmp_path / "atlas")]) == 0
    atlas = Atlas.open(tmp_path / "atlas")
    sae, sha = atlas.manifest.model.sae, hub.repositories["me/gemma-scope-2b-pt-res"].head
    assert sae["name"] == atlas.manifest.name == "gemma-scope-2b-pt-res-layer_1-width_16k-average_l0_71"
    assert sae["source"] == text.replace("-res/", f"-res@{sha}/")
    assert (sae["architecture"], sae["hook"], atlas.n_neurons(1)) == ("jumprelu", forms.HOOK, forms.D_SAE)
    monkeypatch.setattr(of_atlas, "on_hub", lambda name: False)
    hub.requests.clear()
    assert find_sae(atlas).place == locate(text).place
    monkeypatch.setitem(sae, "sha256", "0" * 64)
    with pytest.raises(NoModelError, match="has other weights"):
        find_sae(atlas)
    monkeypatch.setitem(sae, "source", "hf://me/other/path")
    with pytest.raises(NoModelError, match="is missing"):
        find_sae(atlas)
    assert not hub.requests


def test_names_of_atlases():
    for text, name in {
        "hf://google/gemma-scope-2b-pt-res/layer_1/width_16k/average_l0_5": (
            "gemma-scope-2b-pt-res-layer_1-width_16k-average_l0_5"
        ),
        "hf://me/saes@v1/layers.1": "saes-layers.1",
        "gpt2-small-res-jb/blocks.8.hook_resid_pre": "gpt2-small-res-jb-blocks.8.hook_resid_pre",
    }.items():
        assert PRESETS["demo"].with_options({"sae": text}).atlas_name == name


# The table


def test_the_table_has_what_saelens_publishes():
    """Facts that its documentation and the hub's pages name as well."""
    assert published("gpt2-small-res-jb/blocks.8.hook_resid_pre") == table.Published(
        "jbloom/GPT2-Small-SAEs-Reformatted",
        "blocks.8.hook_resid_pre",
        {"model_from_pretrained_kwargs": {"center_writing_weights": True}},
    )
    canonical = published("gemma-scope-2b-pt-res-canonical/layer_20/width_16k/canonical")
    assert (canonical.repository, canonical.path) == (
        "google/gemma-scope-2b-pt-res",
        "layer_20/width_16k/average_l0_71",
    )
    assert hooks_by_folder(Path(canonical.repository) / canonical.path, Path()) == {
        "hook_name": "blocks.20.hook_resid_post"
    }
    assert published("mntss-gemma-2-2b-2.5m-clt-as-per-layer/layer_3").path == "W_enc_3.safetensors"


def test_every_path_of_the_table_is_an_address():
    assert len(releases()) > 70
    supported = [name for name, release in releases().items() if release["form"] in table.FORMS]
    assert len(supported) > 60
    for name in supported:
        for sae_id in releases()[name]["paths"]:
            entry = published(f"{name}/{sae_id}")
            assert table.REPOSITORY.fullmatch(entry.repository)
            assert ".." not in entry.path.split("/")
            assert entry.path.strip("/") == entry.path


TABLE = """
tiny-res-me:
  repo_id: me/dictionaries
  model: tiny
  conversion_func: null
  config_overrides:
    dataset_path: of/training
    model_from_pretrained_kwargs: {center_writing_weights: true}
  saes:
  - {id: blocks.0.hook_resid_pre, path: blocks.0.hook_resid_pre, l0: 3.0, norm_scaling_factor: 1.5}
  - {id: blocks.1.hook_resid_pre, path: 'one:v0', neuronpedia: tiny/1}
"""


@pytest.mark.parametrize("source", ["file", "address"])
def test_the_table_is_read_again(models, hub, monkeypatch, tmp_path, capsys, source):
    monkeypatch.setattr(table, "TABLE", tmp_path / "releases.json")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "pretrained_saes.yaml").write_text(TABLE)
    models(tmp_path / "made", "me/table")
    address = f"{hub.address}/me/table/resolve/main/pretrained_saes.yaml"
    given = address if source == "address" else str(tmp_path / "made" / "pretrained_saes.yaml")
    try:
        assert main(["sae-releases", "--source", given]) == 0
        assert "1 releases" in capsys.readouterr().out
        assert published("tiny-res-me/blocks.0.hook_resid_pre") == table.Published(
            "me/dictionaries",
            "blocks.0.hook_resid_pre",
            {"model_from_pretrained_kwargs": {"center_writing_weights": True}, "norm_scaling_factor": 1.5},
        )
        assert published("tiny-res-me/blocks.1.hook_resid_pre").path == "one:v0"
    finally:
        releases.cache_clear()


@pytest.mark.parametrize("content", ["", "[1, 2]", "a: {repo_id: b, saes: []}", "a: !!python/name:os.system", "a: 1"])
def test_another_file_is_no_table(monkeypatch, tmp_path, capsys, content):
    monkeypatch.setattr(table, "TABLE", tmp_path / "releases.json")
    (tmp_path / "other.yaml").write_text(content)
    assert main(["sae-releases", "--source", str(tmp_path / "other.yaml")]) == 2
    error = capsys.readouterr().err
    assert "not SAELens's table of releases" in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "releases.json").exists()
