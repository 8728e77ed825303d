"""Maxima from elsewhere: one test for each row of “Maxima” in docs/inputs-texts.md."""

import gzip
import json

import numpy as np
import pytest

from ne_core.atlas import Atlas
from pages.components.shell.settings import maxima_settings
from precompute.config import ConfigError
from precompute.steps import foreign_maxima
from precompute.steps.maxima import maxima_sha256, read_maxima

WANTED = {0: [3.0, 1.5], 2: [5.25]}
N_NEURONS = {layer: len(values) for layer, values in WANTED.items()}


def write_pages(place):
    """Write pages as Neuroscope has them: the texts of a neuron in order, the first with its maximum."""
    for layer, values in WANTED.items():
        (place / str(layer)).mkdir(parents=True)
        for neuron, value in enumerate(values):
            texts = "".join(
                f"<h4>Max Range: <b>9.0000</b>. Min Range: <b>-9.0000</b></h4><h4>Max Act: <b>{value / n:.4f}</b>. "
                "Min Act: <b>-0.17</b></h4>"
                for n in (1, 2)
            )
            (place / str(layer) / f"{neuron}.html").write_text(texts)
    (place / "0" / "index.html").write_text("not a neuron")
    return place


def features(source: str) -> list[str]:
    return [
        json.dumps({"modelId": "m", "layer": f"{layer}{source}", "index": str(neuron), "maxActApprox": value})
        for layer, values in WANTED.items()
        for neuron, value in enumerate(values)
    ]


def write_features(place, source: str = ""):
    place.write_text("\n".join(features(source)) + "\n\n")
    return place


def write_batches(place):
    (place / "features").mkdir(parents=True)
    for number, line in enumerate(features("-res-jb")):
        (place / "features" / f"batch-{number}.jsonl.gz").write_bytes(gzip.compress(line.encode()))
    return place


def write_matrix(place):
    matrix = [[3.0, 1.5, 9.0], [9.0] * 3, [5.25, 9.0, 9.0]]
    np.save(place, matrix) if place.suffix == ".npy" else place.write_text(json.dumps(matrix))
    return place


FORMS = {
    "pages": ("neuroscope", write_pages),
    "features": ("features.jsonl", write_features),
    "batches": ("export", write_batches),
    "npy": ("maxima.npy", write_matrix),
    "json": ("maxima.json", write_matrix),
}


@pytest.mark.parametrize("form", ["pages", "features", "batches"])
def test_forms_of_others(tmp_path, form):
    name, write = FORMS[form]
    maxima = read_maxima(write(tmp_path / name), N_NEURONS)
    assert {layer: values.tolist() for layer, values in maxima.items()} == WANTED


@pytest.mark.parametrize("form", ["npy", "json"])
def test_arrays(tmp_path, form):
    name, write = FORMS[form]
    maxima = read_maxima(write(tmp_path / name), {0: 3, 2: 3})
    assert {layer: values.tolist() for layer, values in maxima.items()} == {0: [3.0, 1.5, 9.0], 2: [5.25, 9.0, 9.0]}


OTHERS = {
    "features.jsonl": ('{"layer": "6-res", "index": "x", "maxActApprox": 1}', "line 1 is not a feature with layer"),
    "layer.jsonl": ('{"layer": "res-6", "index": "1", "maxActApprox": 1}', "'res-6' is not a layer"),
    "no.jsonl": ('{"layer": "6", "index": "1"}', "line 1 is not a feature with layer"),
    "cut.jsonl.gz": (gzip.compress(b"{}" * 999)[:-9], "cannot be read"),
    "flat.json": ("[1, 2]", r"has the shape \(2,\)"),
    "ragged.json": ("[[1], [1, 2]]", "cannot be read"),
    "deep.json": ("[" * 100_000, "cannot be read"),
    "pickle.npy": (b"\x80\x04N.", "cannot be read"),
    "table.txt": ("layer neuron", "has no maxima: maxima are a .csv"),
    "empty.jsonl": ("", "has no maxima"),
    "missing.jsonl": (features("")[0], "has no finite maximum for neuron 1 of layer 0"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_refused_in_one_line(tmp_path, name):
    content, message = OTHERS[name]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match=message) as error:
        read_maxima(tmp_path / name, N_NEURONS)
    assert "\n" not in str(error.value)


def test_page_that_is_none_of_neuroscope(tmp_path):
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "1.html").write_text("<b>other</b>")
    with pytest.raises(ConfigError, match=r"1\.html has no “Max Act”"):
        read_maxima(tmp_path, {0: 2})


def test_long_lines_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(foreign_maxima, "LONGEST_LINE", 100)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b" " * 10_000))
    with pytest.raises(ConfigError, match="line 1 has more than 100 bytes"):
        read_maxima(tmp_path / "a.jsonl.gz", N_NEURONS)


def test_hash_of_a_folder_is_that_of_its_files(tmp_path):
    pages = write_pages(tmp_path / "pages")
    before = maxima_sha256(pages)
    assert before == maxima_sha256(write_pages(tmp_path / "again"))
    (pages / "2" / "0.html").write_text("changed")
    assert maxima_sha256(pages) != before


def test_settings_say_in_how_many_neurons_maxima_are_above_the_corpus():
    facts = {"from": "features.jsonl", "sha256": "0" * 64, "n_above_corpus": 6, "n_neurons": 1280}
    assert maxima_settings(facts) == "from features.jsonl; above the highest activation in these texts in 6 of 1,280"


def test_maxima_of_a_hostile_manifest_are_escaped(tiny_atlas):
    assert maxima_settings(Atlas.open(tiny_atlas).manifest.maxima) == "from corpus"
    assert "<b>" not in maxima_settings({"from": "<b>", "n_above_corpus": 3, "n_neurons": "<b>"})
    assert maxima_settings("<i>") == "from &lt;i&gt;"
