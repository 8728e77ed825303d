"""The command `read`: every firing of many texts, as on the page, and how often each feature fires."""

import io
import sys

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.manifest import Density
from ne_core.export.table_files import read_table
from ne_core.live.requests import ReadText
from precompute.__main__ import main
from precompute.live.densities import counted, densities_frame
from precompute.live.reading import read_text
from precompute.live.windows import corpus_windows, firings_of, text_windows
from precompute.models import of_atlas
from precompute.models.of_atlas import FOLDERS
from precompute.run.progress import silent
from tests.support.hostile import copy_atlas

TEXTS = ["the same words come back", "a model reads text, then it says more", "=a <|endoftext|>"]  # of one window each


@pytest.fixture
def run(built, place, monkeypatch, tmp_path):
    """Function that runs the command on an atlas and returns its exit code."""
    monkeypatch.setenv(FOLDERS, str(place / "models"))
    monkeypatch.setattr(of_atlas, "on_hub", lambda name: False)
    (tmp_path / "texts.txt").write_text("\n\n".join(TEXTS))

    def read(*options: str, kind: str = "folded", text: str | None = "texts.txt") -> int:
        from_file = [] if text is None else ["--text", text if text == "-" else str(tmp_path / text)]
        return main(["read", str(built(kind)), *from_file, *options])

    return read


def test_every_text_is_read_as_the_page_reads_it(run, reader, tmp_path):
    assert run("--share", "0.5", "--out", str(tmp_path / "out.parquet")) == 0
    table = read_table(tmp_path / "out.parquet")
    for number, text in enumerate(TEXTS):
        fired = read_text(reader("folded"), ReadText(text, share=0.5)).fired
        mine = table[table["text"] == number]
        order = np.lexsort((fired.neuron, fired.layer, fired.pos))
        for name in ("pos", "layer", "neuron", "feature"):
            np.testing.assert_array_equal(mine[name], getattr(fired, name)[order])
        for name in ("activation", "share", "distance", "margin"):
            np.testing.assert_allclose(mine[name], getattr(fired, name)[order], rtol=1e-3, atol=1e-4)
    assert len(table) == len(table[table["text"] < len(TEXTS)]) > 50
    assert table.attrs["atlas"] == "gpt2"


def test_the_formats_hold_the_same(run, tmp_path):
    for ending in ("csv", "json", "parquet"):
        assert run("--out", str(tmp_path / f"out.{ending}")) == 0
    csv, json, parquet = (read_table(tmp_path / f"out.{ending}") for ending in ("csv", "json", "parquet"))
    assert list(csv) == list(json) == list(parquet)
    for name in csv:
        if csv[name].dtype.kind == "f":
            np.testing.assert_allclose(csv[name], parquet[name], rtol=1e-5)
            np.testing.assert_allclose(json[name], parquet[name], rtol=1e-5)
        else:
            assert csv[name].tolist() == json[name].tolist() == parquet[name].tolist()


def test_standard_input_is_a_file_of_texts(run, monkeypatch, tmp_path):
    assert run("--out", str(tmp_path / "a.csv")) == 0
    raw = (tmp_path / "texts.txt").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    assert run("--out", str(tmp_path / "b.csv"), text="-") == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_long_texts_are_cut_into_windows_and_empty_ones_keep_their_number(reader):
    reader = reader("folded")
    long = " ".join(["the same words come back"] * 30)
    result = []
    for some in text_windows(reader, ["", long, "a"]):
        ids = (tokens[1:length].tolist() for tokens, length in zip(some.tokens, some.lengths, strict=True))
        result += zip(some.text.tolist(), some.number.tolist(), ids, strict=True)
    whole = reader.source.tokenizer.encode(long, add_special_tokens=False)
    assert [token for text, _, ids in result if text == 1 for token in ids] == whole
    assert [number for text, number, _ in result if text == 1] == list(range(-(-len(whole) // 23)))
    assert [(text, number) for text, number, _ in result][-1] == (2, 0)


def test_densities_count_every_firing_of_the_corpus_once(reader, run, tmp_path):
    assert run("--corpus", "--out", str(tmp_path / "d.csv"), text=None) == 0
    table, atlas = read_table(tmp_path / "d.csv"), reader("folded").atlas
    assert len(table) == len(atlas.features["layer"])
    n_fired = n_tokens = 0
    for windows in corpus_windows(reader("folded"), atlas):
        n_fired += sum(len(part.pos) for part in firings_of(reader("folded"), windows, 0.75))
        n_tokens += int(windows.counted.sum())
    assert table["fires"].sum() == n_fired
    assert set(table["tokens"]) == {n_tokens}
    assert (table["unlike"] <= table["fires"]).all()
    assert ((table["density_low"] <= table["density"]) & (table["density"] <= table["density_high"])).all()
    assert table["fires"].sum() >= atlas.neurons["n_examples"].sum()  # each activating example is a firing


def test_without_a_table_the_densities_are_written_into_the_atlas(built, reader, place, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv(FOLDERS, str(place / "models"))
    atlas = copy_atlas(built("folded"), tmp_path / "atlas")
    assert main(["read", str(atlas), "--corpus", "--share", "0.5"]) == 0
    assert "densities of" in capsys.readouterr().out
    counts, result = counted(reader("folded"), 0.5, silent), Atlas.open(atlas)
    np.testing.assert_array_equal(result.fires, counts.fired)
    assert result.manifest.density == Density(0.5, counts.n_tokens)
    assert main(["verify", str(atlas)]) == 0


def test_texts_need_a_table(run, capsys):
    assert run() == 2
    assert "--text needs --out" in capsys.readouterr().err


@pytest.mark.slow
def test_densities_of_latents(reader):
    reader = reader("latents")
    frame = densities_frame(reader, counted(reader, 0.75, silent))
    assert frame["fires"].sum() > 0


BAD = {
    "share too low": (["--share", "0.1"], {}, "--share 0.1: a share is from 0.25 to 1"),
    "distance": (["--distance", "9"], {}, "distance=9"),
    "another ending": (["--out", "x.txt"], {}, "a table ends in"),
    "no such file": ([], {"text": "nothing.txt"}, "no such file"),
    "no text": ([], {"text": "empty.txt"}, "no tokens"),
    "densities at another cut": (["--corpus", "--distance", "0.5"], {"text": None}, "--distance needs --text"),
    "densities without inputs": (["--corpus"], {"text": None, "kind": "lacking"}, "no inputs"),
    "no such device": (["--device", "cuda:9"], {}, "use cpu"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_exit_code_2_and_one_line(run, tmp_path, capsys, case):
    options, how, message = BAD[case]
    (tmp_path / "empty.txt").write_text("\n\n \n")
    out = [] if "--out" in options else ["--out", str(tmp_path / "out.csv")]
    capsys.readouterr()
    assert run(*options, *out, **how) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("[")]
    assert len(lines) == 1
    assert message in lines[0]
    assert not (tmp_path / "out.csv").exists()


def test_a_missing_model_is_named(run, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv(FOLDERS)
    assert run("--out", str(tmp_path / "out.csv")) == 2
    assert "is missing: put its folder into data/models" in capsys.readouterr().err
