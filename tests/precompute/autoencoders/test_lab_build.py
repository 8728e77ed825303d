"""A small lab: two complete atlases, measures that match the stored weights, stopped and resumed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.open_lab import open_lab
from ne_core.atlas.verify import verify
from ne_core.method.mlp import accuracy
from ne_core.refs import NeuronRef
from precompute.autoencoders.lab import build
from precompute.autoencoders.lab.build import build_lab
from precompute.autoencoders.lab.images import LabImages, sklearn_digits
from precompute.autoencoders.lab.mlp import MlpTraining, train_mlp
from precompute.autoencoders.lab.settings import LabError, LabSettings, Sweep
from precompute.autoencoders.loss.train import Training
from precompute.config import ConfigError
from precompute.evaluate import evaluate

SETTINGS = LabSettings(
    Sweep(lambda1=(0.01, 0.04), lambda2=(0.0, 4.0), seeds=2),
    Training(d_sae=48, steps=120, batch=32, learning_rate=4e-3, ne_start=20),
    MlpTraining(hidden=12, epochs=4, batch=32),
)


@pytest.fixture(scope="module")
def images() -> LabImages:
    return replace(
        sklearn_digits(), images=sklearn_digits().images[:500], labels=sklearn_digits().labels[:500], n_train=400
    )


@pytest.fixture(scope="module")
def lab_path(tmp_path_factory, images) -> Path:
    out = tmp_path_factory.mktemp("labs") / "digits"
    build_lab(out, images, SETTINGS)
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_both_atlases_are_complete_and_nothing_else_is_left(lab_path):
    assert not list(verify(lab_path))
    assert not list(verify(lab_path.with_name("digits-mlp")))
    assert sorted(path.name for path in lab_path.parent.iterdir()) == ["digits", "digits-mlp"]


def test_table_matches_the_stored_weights(lab_path):
    """Recompute all figures of reconstruction from the weights and images on disk."""
    lab = open_lab(Atlas.open(lab_path))
    assert lab.n_runs == 8
    h, labels = lab.hidden[400:], np.asarray(lab.labels[400:])
    for run in range(lab.n_runs):
        sae = lab.sae(run)
        f = sae.latents(h)
        decoded = sae.reconstruction(f)
        accuracies = [(lab.mlp.logits(each).argmax(axis=1) == labels).mean() for each in (h, decoded)]
        measures = {name: lab.runs[name][run] for name in ("l0", "fvu", "accuracy_lost", "dead_share")}
        assert measures["l0"] == pytest.approx((f > 0).sum(axis=1).mean(), rel=1e-3)
        assert measures["fvu"] == pytest.approx(
            np.square(decoded - h).sum() / np.square(h - h.mean(axis=0)).sum(), rel=1e-3
        )
        assert measures["accuracy_lost"] == pytest.approx(100 * (accuracies[0] - accuracies[1]), abs=1e-3)
        assert measures["dead_share"] == pytest.approx(
            (sae.latents(lab.hidden[:400]) <= 0).all(axis=0).mean(), abs=1e-6
        )


def test_atlas_holds_the_displayed_pair(lab_path):
    atlas = Atlas.open(lab_path)
    lab = open_lab(atlas)
    assert atlas.manifest.layer_names == ("standard SAE", "NE SAE")
    assert atlas.manifest.units == "latents"
    for layer, kind in enumerate(("standard", "ne")):
        sae = lab.sae(lab.shown_runs[kind])
        np.testing.assert_array_equal(atlas.weights(layer).W_in, sae.W_enc)
        alive = [j for j in range(48) if len(atlas.neuron(NeuronRef(layer, j)))]
        neuron = atlas.neuron(NeuronRef(layer, alive[0]))
        first = np.flatnonzero(sae.latents(lab.hidden)[:, alive[0]] > 0)[:100]
        assert neuron.example.tolist() == first.tolist(), "activation above 0, the first 100"


def test_classifier_neurons_read_pixels(lab_path):
    atlas = Atlas.open(lab_path.with_name("digits-mlp"))
    lab = open_lab(Atlas.open(lab_path))
    assert atlas.manifest.units == "neurons"
    ref = next(ref for j in range(12) if len(atlas.neuron(ref := NeuronRef(0, j))))
    neuron, x = atlas.neuron(ref), atlas.neuron_inputs(ref).astype(np.float32)
    np.testing.assert_allclose(x, lab.x[neuron.example], atol=1e-3)
    z = (x * np.asarray(atlas.weights(0).W_in[:, ref.neuron], np.float32)).sum(axis=1) + atlas.weights(0).b_in[
        ref.neuron
    ]
    np.testing.assert_allclose(z, neuron.activation, rtol=2e-2, atol=2e-2)


@pytest.mark.slow
def test_resumed_lab_gives_the_same_bytes_without_training_again(lab_path, images, tmp_path, monkeypatch):
    """Stop while the atlases are written, when every unit is done: nothing is trained again."""
    out = tmp_path / "digits"
    with monkeypatch.context() as broken:
        broken.setattr(build, "write_image_atlas", interrupted)
        with pytest.raises(KeyboardInterrupt):
            build_lab(out, images, SETTINGS)
    assert not out.exists()
    monkeypatch.setattr(build, "train_mlp", interrupted)
    monkeypatch.setattr(build, "work_runs", interrupted)
    build_lab(out, images, SETTINGS)
    assert contents(out) == contents(lab_path)


def interrupted(*args, **kwargs):
    raise KeyboardInterrupt


@pytest.mark.slow
def test_other_settings_do_not_resume_a_stopped_run(images, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "write_image_atlas", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_lab(tmp_path / "digits", images, SETTINGS)
    other = replace(SETTINGS, sweep=replace(SETTINGS.sweep, seeds=1))
    with pytest.raises(ConfigError, match="started with different settings"):
        build_lab(tmp_path / "digits", images, other)


def test_classifier_learns_the_digits(images):
    mlp = train_mlp(images, MlpTraining(epochs=10, batch=32))
    h = mlp.hidden(images.pixels)
    assert accuracy(mlp, h[400:], images.labels[400:]) > 0.8
    again = train_mlp(images, MlpTraining(epochs=10, batch=32))
    np.testing.assert_array_equal(mlp.W_in, again.W_in)


def test_evaluation_shows_settings_identity_and_matched_l0(lab_path):
    report = str(dict(evaluate(lab_path))["lab"])
    for text in (
        "| 0.01, 0 ",
        "| 0.04, 4 ",
        "identity: each hidden neuron a latent",
        "NE minus standard at the same L0",
    ):
        assert text in report
    assert "released" not in report, "these are not the images that the released pair was measured on"


def test_evaluation_without_a_lab_names_the_command(lab_path):
    assert "precompute lab" in str(dict(evaluate(lab_path.with_name("digits-mlp"), ["lab"]))["lab"])


@pytest.mark.slow
def test_run_without_active_latents_gives_a_one_line_error(images, tmp_path):
    quick = replace(SETTINGS.training, waking=0.0, learning_rate=0.05)
    settings = replace(SETTINGS, sweep=Sweep((50.0,), (0.0, 4.0), 1), training=quick)
    with pytest.raises(LabError, match="lambda1: 50 leaves no latent active"):
        build_lab(tmp_path / "digits", images, settings)


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        (((), (0.0, 1.0), 1), "lambda1"),
        (((0.1,), (1.0,), 1), "must hold 0"),
        (((0.1,), (0.0,), 1), "at least one above it"),
        (((0.1, 0.1), (0.0, 1.0), 1), "different"),
        (((0.1,), (0.0, 1.0), 0), "seeds"),
    ],
)
def test_invalid_sweeps_are_refused(sweep, message):
    with pytest.raises(LabError, match=message):
        Sweep(*sweep)


def test_runs_of_a_unit_share_lambda2():
    sweep = Sweep((0.1, 0.2), (0.0, 1.0), 4)
    assert [number for unit in sweep.units for number in unit] == list(range(16))
    assert all(len({sweep.runs[number].lambda2 for number in unit}) == 1 for unit in sweep.units)
