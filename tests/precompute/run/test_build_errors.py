"""Errors in a build: exit code 2 and one line; the earlier atlas is unchanged and finished units are saved.

After the cause is fixed, the same command continues, to the bytes of a build without errors.
"""

import json
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from precompute.models.transformer.probe import PROBE_TOKENS, probe_tokens
from precompute.models.transformer.vocabularies import ordinary_ids
from precompute.run.run_folder import run_path
from tests.precompute.run.test_kill import WORDS, arguments
from tests.precompute.steps.test_write import files
from tests.support import faults
from tests.support.killing import Fault, run_command
from tests.support.tiny_models import tiny_checkpoint

INTERRUPTED = 130


def texts() -> list[str]:
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS.split(), size=rng.integers(5, 60))) for _ in range(60)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a model, a corpus, an atlas of them and an earlier atlas with different settings."""
    place = tmp_path_factory.mktemp("errors")
    tiny_checkpoint("gpt2", place / "model")
    (place / "corpus.txt").write_text("\n\n".join(texts()))
    assert run_command(command(place, place / "whole")) == 0
    assert run_command(command(place, place / "earlier", "--cut", "0.3")) == 0
    assert files(place / "whole") != files(place / "earlier")
    return place


def command(place: Path, out: Path, *options: str) -> list[str]:
    return arguments(place, out, "--importance-passes", "100", *options)


@pytest.fixture
def out(place: Path, tmp_path: Path) -> Path:
    """Copy the earlier atlas to the output folder."""
    return Path(shutil.copytree(place / "earlier", tmp_path / "atlas"))


@pytest.fixture(scope="module")
def halfway(place: Path) -> Path:
    """Return the run folder of a build that was killed after all its features were computed."""
    assert run_command(command(place, place / "half"), kill_in=("importance", 2)) == -9
    return run_path(place / "half")


def error_lines(arguments: list[str], out: Path, fault: Fault | None = None, code: int = 2) -> list[str]:
    """Run a command and return its lines on stderr, without progress; check its exit code."""
    log = out.parent / "log"
    log.write_text("")
    assert run_command(arguments, log=log, fault=fault) == code, log.read_text()
    return [line for line in log.read_text().splitlines() if not re.match(rf"\[[\d/]+] |{re.escape(str(out))}: ", line)]


def error_line(place: Path, arguments: list[str], out: Path, fault: Fault | None = None, code: int = 2) -> str:
    """Return the one line of a command that fails; check that the earlier atlas is unchanged."""
    (line,) = error_lines(arguments, out, fault, code)
    assert len(line) > 15
    assert files(out) == files(place / "earlier")
    assert not [path for path in out.parent.iterdir() if path.name.endswith((".writing", ".old"))]
    return line


def saved_units(out: Path) -> dict[str, int]:
    """Return the number of saved units of each step that has any."""
    units = [path.parent.name for path in run_path(out).glob("*/*.npz")]
    return {stage: units.count(stage) for stage in units}


CORPUS = {"corpus": 1}
COLLECTED = {"corpus": 1, "collect": 6}
ROWS = {"corpus": 1, "rows": 2}
FEATURES = {**ROWS, "features": 2}
COMPARED = {**FEATURES, "other_trees": 2, "spaces": 2, "rarefied": 4}
NAMED = {**COMPARED, "importance": 5, "logits": 2, "contributions": 6, "names": 2}
INDEXED = {**NAMED, "similar": 3, "map": 1}
before_storing_unit, no_space = faults.before_storing_unit, faults.no_space
# By name: the fault, the units that are saved, and words of the error line.
FULL = {
    "disk full in collect": (
        partial(before_storing_unit, "collect", 2, faults.fill_disk),
        {**CORPUS, "collect": 2},
        "collect/",
    ),
    "disk full before rows": (partial(before_storing_unit, "collect", 6, faults.fill_disk), COLLECTED, "rows/x0.npy"),
    "no room for x": (partial(faults.before_allocating_file, 2, no_space), {**COLLECTED, "rows": 1}, "rows/x2.npy"),
    "disk full before features": (
        partial(before_storing_unit, "rows", 2, faults.fill_disk),
        ROWS,
        "features/000000.npz",
    ),
    "no room for features": (
        partial(faults.before_writing_unit, "features", 2, no_space),
        {**ROWS, "features": 1},
        "features/",
    ),
    "no room for vectors": (partial(faults.before_allocating_file, 3, no_space), NAMED, "similar/"),
    "disk full before writing": (
        partial(before_storing_unit, "map", 1, faults.fill_disk),
        INDEXED,
        "cannot be written",
    ),
    "no room for the manifest": (partial(faults.before_writing_text, "manifest.json", no_space), INDEXED, "No space"),
    "no room for the name": (partial(faults.before_renaming_folder, 2, no_space), INDEXED, "No space left"),
    "no room for run.json": (
        partial(faults.before_writing_text, "run.part", no_space),
        {},
        "run.json cannot be written",
    ),
}


FIRST = ("disk full in collect", "no room for the manifest")  # the others are like them


def variants(names, first: tuple[str, ...]) -> list:
    """Return the names as parameters; those that are not in `first` are slow."""
    return [pytest.param(name, marks=() if name in first else pytest.mark.slow) for name in names]


@pytest.mark.fast("manifest")
@pytest.mark.parametrize("name", variants(FULL, FIRST))
def test_full_disk(place, out, name):
    fault, expected, words = FULL[name]
    assert words in error_line(place, command(place, out), out, fault)
    assert saved_units(out) == expected
    assert error_lines(command(place, out), out, code=0) == []
    assert files(out) == files(place / "whole")
    assert not run_path(out).exists()


@pytest.mark.slow
def test_unwritable_status_does_not_stop_a_build(place, out):
    assert (
        error_lines(command(place, out), out, partial(faults.before_writing_text, "status.part", no_space), code=0)
        == []
    )
    assert files(out) == files(place / "whole")


@pytest.mark.slow
def test_interrupted(place, out):
    fault = partial(before_storing_unit, "features", 2, faults.interrupt)
    assert "the same command continues" in error_line(place, command(place, out), out, fault, INTERRUPTED)
    assert saved_units(out)["rows"] == 2
    assert error_lines(command(place, out), out, code=0) == []
    assert files(out) == files(place / "whole")


@pytest.mark.slow
def test_dead_worker(place, out):
    assert "a worker process died" in error_line(place, command(place, out), out, faults.kill_workers)
    assert saved_units(out) == ROWS
    assert error_lines(command(place, out), out, code=0) == []
    assert files(out) == files(place / "whole")


def columns(root: Path) -> dict[str, bytes]:
    """Return all files except the manifest."""
    return {name: raw for name, raw in files(root).items() if name != "manifest.json"}


@pytest.mark.slow
def test_batches_shrink_when_memory_runs_out(place, out):
    """Check that half the batch size gives the same rows."""
    (line,) = error_lines(command(place, out), out, partial(faults.limit_memory, 4), code=0)
    assert line == "out of memory with 8 examples at once: continuing with 4"
    for name in ("example.npy", "pos.npy", "offsets.npy"):
        assert (out / "layers/02" / name).read_bytes() == (place / "whole/layers/02" / name).read_bytes()


def test_no_memory_for_one_example(place, out):
    *retries, line = error_lines(command(place, out), out, partial(faults.limit_memory, 0))
    assert all("continuing with" in retry for retry in retries)
    assert len(retries) == 3
    assert "out of memory with one of the examples" in line
    assert files(out) == files(place / "earlier")
    assert saved_units(out) == CORPUS


@pytest.mark.slow
def test_corpus_with_a_read_error(place, out):
    fault = partial(faults.fail_reading_after, place / "corpus.txt", 31)
    line = error_line(place, command(place, out), out, fault)
    assert "corpus.txt: cannot be read beyond document" in line
    assert "Input/output error" in line
    assert error_lines(command(place, out), out, code=0) == []
    assert files(out) == files(place / "whole")


def test_invalid_line_of_jsonl(place, out, tmp_path):
    """Check that the corrected file is the same corpus; empty and null texts are ignored."""
    corpus, lines = tmp_path / "corpus.jsonl", [json.dumps({"text": text}) for text in texts()]
    with_empty = [*lines[:20], '{"text": ""}', '{"text": null}', '{"text": " \\n"}', *lines[20:]]
    corpus.write_text("\n".join([*with_empty[:30], '{"text": "the sa', *with_empty[30:]]))
    line = error_line(place, command(place, out, "--corpus", str(corpus)), out)
    assert "corpus.jsonl line 31: not JSON" in line
    corpus.write_text("\n".join(with_empty))
    assert error_lines(command(place, out, "--corpus", str(corpus)), out, code=0) == []
    assert without_sources(out) == without_sources(place / "whole")


def without_sources(root: Path) -> dict[str, bytes]:
    """Return the columns without the documents, whose names have the numbers of their lines."""
    return {name: raw for name, raw in columns(root).items() if not name.startswith("documents/")}


@pytest.mark.parametrize("lines", [['{"text": ""}', '{"text": null}'] * 3, ['{"text": "  \\n\\t"}']])
def test_corpus_of_empty_texts(place, out, tmp_path, lines):
    (tmp_path / "empty.jsonl").write_text("\n".join(lines))
    line = error_line(place, command(place, out, "--corpus", str(tmp_path / "empty.jsonl")), out)
    assert "the corpus has no text" in line
    assert not run_path(out).exists()


def test_special_token_in_a_text_is_text(place, out, tmp_path):
    (tmp_path / "special.txt").write_text("\n\n".join(["<|endoftext|>"] * 40))
    corpus = ("--corpus", str(tmp_path / "special.txt"), "--separator", "blank")
    spelled, few = error_lines(command(place, out, *corpus), out, code=0)
    assert "<|endoftext|> within a line or a record was read as text, in 40 of 40 documents" in spelled
    assert "48 examples were requested" in few
    assert json.loads((out / "manifest.json").read_text())["corpus"]["n_documents"] == 40


def with_weight(name: str, change: Callable) -> Callable[[Path], None]:
    """Return a function that changes a weight of a checkpoint; None removes the weight."""

    def write(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        weights[name] = change(weights[name])
        tensors = {key: value.contiguous() for key, value in weights.items() if value is not None}
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})

    return write


def filled(index: object, value: float) -> Callable:
    def fill(weight):
        weight[index] = value
        return weight

    return fill


def cut_short(folder: Path) -> None:
    raw = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(raw[: len(raw) // 2])


def larger_tokenizer(folder: Path) -> None:
    """Save a tokenizer with more ordinary tokens than the model embeds."""
    words = Tokenizer(models.WordLevel({"?": 0, **{f"more{n}": n for n in range(1, 9999)}}, unk_token="?"))
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="?").save_pretrained(folder)


def with_added_tokens(folder: Path) -> Path:
    """Add tokens beyond the ids that the model embeds."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    tokenizer.add_tokens([f"more{n}" for n in range(99)])
    tokenizer.save_pretrained(folder)
    return folder


def other_tokenizer(folder: Path) -> None:
    words = Tokenizer(models.WordLevel({"?": 0, "the": 1}, unk_token="?"))
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="?").save_pretrained(folder)


NAN, INF, HUGE = float("nan"), float("inf"), 3e38
# By name: the change of the checkpoint, and words of the error line.
CHECKPOINTS = {
    "NaN in an MLP": (
        with_weight("transformer.h.2.mlp.c_fc.weight", filled((3, 5), NAN)),
        "h.2.mlp.c_fc.weight has values that are not finite",
    ),
    "NaN between the layers": (
        with_weight("transformer.h.1.attn.c_proj.weight", filled((0, 0), NAN)),
        "c_proj.weight has values that are not finite",
    ),
    "infinity in an MLP": (
        with_weight("transformer.h.0.mlp.c_fc.bias", filled(7, INF)),
        "h.0.mlp.c_fc.bias has values that are not finite",
    ),
    "a weight left out": (
        with_weight("transformer.h.1.mlp.c_fc.weight", lambda _: None),
        "missing or of another shape",
    ),
    "a weight of another shape": (
        with_weight("transformer.wpe.weight", lambda w: w[:7]),
        "missing or of another shape",
    ),
    "a file cut short": (cut_short, "cannot be loaded"),
    "a tokenizer of more ids": (larger_tokenizer, "use the tokenizer that the model was trained with"),
    "a tokenizer of other words": (other_tokenizer, "use the one the model was trained with"),
}


@pytest.mark.fast("NaN in", "left out", "ids")
@pytest.mark.parametrize("name", CHECKPOINTS)
def test_invalid_model_checkpoint(place, out, tmp_path, name):
    spoil, words = CHECKPOINTS[name]
    folder = Path(shutil.copytree(place / "model", tmp_path / "model"))
    spoil(folder)
    assert words in error_line(place, command(place, out, "--model", str(folder)), out)
    assert not run_path(out).exists()


@pytest.mark.slow
def test_build_continues_with_a_repaired_checkpoint(place, out, tmp_path):
    folder = Path(shutil.copytree(place / "model", tmp_path / "model"))
    cut_short(folder)
    error_line(place, command(place, out, "--model", str(folder)), out)
    shutil.copy(place / "model/model.safetensors", folder)
    assert error_lines(command(place, out, "--model", str(folder)), out, code=0) == []
    assert files(out) == files(place / "whole")


def test_added_tokens_beyond_the_model_are_refused_if_a_text_has_one(place, out, tmp_path):
    folder = with_added_tokens(Path(shutil.copytree(place / "model", tmp_path / "model")))
    assert error_lines(command(place, out, "--model", str(folder)), out, code=0) == []
    assert np.load(out / "layers/02/example.npy").tobytes() == np.load(place / "whole/layers/02/example.npy").tobytes()
    shutil.rmtree(out)
    shutil.copytree(place / "earlier", out)
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("and more77 of it\n\n" + (place / "corpus.txt").read_text())
    line = error_line(place, command(place, out, "--model", str(folder), "--corpus", str(corpus)), out)
    assert "its texts have token" in line
    assert "'more77'" in line
    assert "use the tokenizer that the model was trained with" in line


def probed_tokens(folder: Path) -> set[int]:
    """Return the tokens that a model is probed with when it is loaded, and before prompts of 24 are masked."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    ids = ordinary_ids(tokenizer, len(tokenizer))
    return set(np.concatenate([probe_tokens(ids, length).flatten() for length in (PROBE_TOKENS, 24)]).tolist())


def test_activations_that_are_not_finite(place, out, tmp_path):
    """Make one token's embedding overflow, which no check before the corpus notices."""
    folder = Path(shutil.copytree(place / "model", tmp_path / "model"))
    in_texts = np.load(place / "whole/tokens.npy")[:, 1:]
    token = next(id for id in np.unique(in_texts).tolist() if id not in probed_tokens(folder))
    with_weight("transformer.wte.weight", filled(token, HUGE))(folder)
    line = error_line(place, command(place, out, "--model", str(folder)), out)
    assert "layer 0 has activations that are not finite" in line
    assert saved_units(out) == CORPUS


def test_activations_that_are_not_finite_when_masked(place, out, tmp_path):
    """Make the mean of all embeddings overflow, the baseline, by two tokens that are not in the corpus."""
    folder = Path(shutil.copytree(place / "model", tmp_path / "model"))
    used = {*np.load(place / "whole/tokens.npy").flat, *probed_tokens(folder)}
    unused = sorted(set(range(len(PreTrainedTokenizerFast.from_pretrained(folder)))) - used)[
        -2:
    ]  # of two, the sum overflows
    with_weight("transformer.wte.weight", filled(unused, HUGE))(folder)
    line = error_line(place, command(place, out, "--model", str(folder)), out)
    assert "not finite when a token is masked" in line
    assert saved_units(out) == COMPARED


@pytest.fixture
def run(halfway: Path, out: Path) -> Path:
    """Copy a run folder of this atlas, to continue from."""
    return Path(shutil.copytree(halfway, run_path(out)))


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


UNITS = ("features/000000.npz", "rows/000001.npz", "corpus/000000.npz")


@pytest.mark.parametrize("name", variants(UNITS, UNITS[:1]))
def test_incomplete_unit_is_computed_again(place, out, run, name):
    raw = (run / name).read_bytes()
    (run / name).write_bytes(raw[: len(raw) // 2])
    (line,) = error_lines(command(place, out), out, code=0)
    assert line == f"{run / name} is damaged and will be computed again"
    assert files(out) == files(place / "whole")


# By damaged file: the path that the line says to delete.
DAMAGED = {
    "corpus/000000.npz": "corpus/000000.npz",
    "rows/000000.npz": "rows/000000.npz",
    "rows/x2.npy": "rows",
    "features/000001.npz": "features/000001.npz",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", variants(DAMAGED, ("features/000001.npz",)))
def test_flipped_bit_in_the_run_folder(place, out, run, name):
    flip(run / name)
    line = error_line(place, command(place, out), out)
    assert line.startswith(f"{run / name} is damaged: delete ")
    if (run / DAMAGED[name]).is_dir():
        assert f"delete {run / DAMAGED[name]} and" in line
        shutil.rmtree(run / DAMAGED[name])
    else:
        (run / DAMAGED[name]).unlink()
    assert error_lines(command(place, out), out, code=0) == []
    assert files(out) == files(place / "whole")


def test_damaged_settings(place, out, run):
    """Check that units with unknown settings are not used."""
    (run / "run.json").write_text('{"cut": 0.')
    assert "start the run again with --restart" in error_line(place, command(place, out), out)
    (run / "run.json").unlink()
    assert error_lines(command(place, out, "--cut", "0.3"), out, code=0) == []
    assert files(out) == files(place / "earlier")


def test_run_folder_is_a_file(place, out):
    run_path(out).write_text("mine")
    line = error_line(place, command(place, out), out)
    assert f"{run_path(out)} cannot be written (File exists)" in line
    assert run_path(out).read_text() == "mine"


def test_run_folder_without_permission(place, out):
    line = error_line(place, command(place, out), out, partial(faults.before_making_folder, run_path(out)))
    assert f"{run_path(out)} cannot be written (Permission denied)" in line


def test_output_below_a_file(place, tmp_path):
    (tmp_path / "file").write_text("mine")
    (line,) = error_lines(command(place, tmp_path / "file" / "atlas"), tmp_path / "file")
    assert "cannot be written (Not a directory): name another --out" in line
    assert (tmp_path / "file").read_text() == "mine"
