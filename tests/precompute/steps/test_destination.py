"""Output paths: every command that writes checks its output before the first step."""

import os
import stat
from pathlib import Path

import pytest

from ne_core.errors import AtlasError
from ne_core.sharing import destination as places
from ne_core.sharing.archive import pack, unpack
from ne_core.sharing.atomic_write import check_target, new_atlas, new_file, write_output
from ne_core.sharing.destination import WriteError, check_file, check_folder, destination, mount_points
from precompute.__main__ import main
from precompute.run.run_folder import run_path
from tests.precompute.steps.test_write import files
from tests.support.planted import make_atlas


@pytest.fixture
def linked(tmp_path: Path) -> tuple[Path, Path]:
    """Make a link to a folder, and return both."""
    real = tmp_path / "disk" / "real"
    real.mkdir(parents=True)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "atlas").symlink_to(real)
    return tmp_path / "here" / "atlas", real


def test_atlas_is_written_through_a_link(linked):
    link, real = linked
    for _ in range(2):  # the second replaces the first
        make_atlas(link)
        assert link.is_symlink()
        assert (real / "manifest.json").is_file()
        assert [path.name for path in link.parent.iterdir()] == ["atlas"]
        assert [path.name for path in real.parent.iterdir()] == ["real"]


def test_temporary_folders_are_on_the_disk_of_the_link_target(linked):
    link, real = linked
    with pytest.raises(WriteError, match="left without a manifest"), new_atlas(link) as folder:
        assert folder.parent == real.parent
    assert run_path(link) == run_path(real) == real.parent / ".real.run", "the run folder is there, too"


def test_file_is_written_through_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "real.zip").write_text("before")
    (tmp_path / "a.zip").symlink_to(tmp_path / "disk" / "real.zip")
    with new_file(tmp_path / "a.zip") as file:
        file.write(b"after")
    assert (tmp_path / "a.zip").is_symlink()
    assert (tmp_path / "disk" / "real.zip").read_text() == "after"


def dangling(place: Path) -> Path:
    (place / "out").symlink_to(place / "unmounted" / "atlas")
    return place / "out"


def below_dangling(place: Path) -> Path:
    return dangling(place) / "atlas"


def circle(place: Path) -> Path:
    (place / "out").symlink_to(place / "other")
    (place / "other").symlink_to(place / "out")
    return place / "out"


def not_utf8(place: Path) -> Path:
    return Path(os.fsdecode(os.fsencode(place) + b"/caf\xe9"))


def below_not_utf8(place: Path) -> Path:
    not_utf8(place).mkdir()
    (place / "link").symlink_to(not_utf8(place))
    return place / "link" / "out"


def too_long(place: Path) -> Path:
    return place / ("n" * 250)


def below_a_file(place: Path) -> Path:
    (place / "file").write_text("mine")
    return place / "file" / "out"


def read_only(place: Path) -> Path:
    """Return a path on a file system that is read-only even for root."""
    return Path("/proc/sys/out")


UNFIT = {
    dangling: "is a link to .*unmounted/atlas, which does not exist",
    below_dangling: "is a link to .*unmounted/atlas, which does not exist",
    circle: "is a broken link",
    not_utf8: "is not UTF-8: rename it",
    below_not_utf8: "is not UTF-8: rename it",
    too_long: r"cannot be written \(File name too long\)",
    below_a_file: r"cannot be written \(Not a directory\)",
    read_only: r"cannot be written \(",
}


@pytest.mark.parametrize("check", [check_target, check_folder, check_file])
@pytest.mark.parametrize("unfit", UNFIT, ids=lambda unfit: unfit.__name__)
def test_invalid_output_is_refused_without_side_effects(tmp_path, unfit, check):
    out = unfit(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(WriteError, match=UNFIT[unfit]) as error:
        check(out)
    assert "\n" not in str(error.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_mount_point_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "mount_points", lambda: {str(tmp_path)})
    with pytest.raises(WriteError, match=r"is a mount point, .* name a directory inside it"):
        check_target(tmp_path)
    assert check_target(tmp_path / "inside") == tmp_path / "inside"


def test_mount_points_are_read_from_mountinfo(tmp_path, monkeypatch):
    (tmp_path / "mountinfo").write_text("36 35 98:0 /x /mnt/my\\040disk rw - ext3 /dev/root rw\n")
    monkeypatch.setattr(places, "MOUNTS", tmp_path / "mountinfo")
    assert mount_points() == {"/mnt/my disk"}
    with pytest.raises(WriteError, match="/ is a mount point"):
        check_folder(Path("/"))


def test_folder_of_another_user_is_refused(tmp_path, monkeypatch):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "atlas").mkdir()
    (tmp_path / "shared").chmod(0o777 | stat.S_ISVTX)
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(WriteError, match="belongs to another user"):
        check_target(tmp_path / "shared" / "atlas")


def test_full_disk_is_detected_at_the_start(tmp_path, monkeypatch):
    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(WriteError, match=r"cannot be written \(No space left on device\)"):
        check_target(tmp_path / "atlas")
    assert list(tmp_path.iterdir()) == []


def test_folder_with_only_system_files_counts_as_empty(tmp_path):
    (tmp_path / ".DS_Store").write_bytes(b"\0")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    assert check_target(tmp_path) == tmp_path
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(WriteError, match="holds files and is not an atlas"):
        check_target(tmp_path)


def test_devices_take_a_page_but_not_an_archive(tmp_path):
    with pytest.raises(WriteError, match="not a regular file"):
        check_file(Path("/dev/null"))
    write_output(Path("/dev/null"), b"page")
    assert Path("/dev/null").is_char_device()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(WriteError, match="not a regular file"), new_file(tmp_path / "pipe"):
        pass


COMMANDS = {
    "pack": ["pack", "{atlas}", "--out", "{out}"],
    "unpack": ["unpack", "{archive}", "--out", "{out}"],
    "fetch": ["fetch", "hf://nobody/nothing", "--out", "{out}"],
    "host": ["host", "docker", "--atlas", "{atlas}", "--out", "{out}"],
    "export": ["export", "{atlas}", "--neuron", "0.0", "--out", "{out}"],
    "synthetic": ["synthetic", "--out", "{out}"],
    "build": ["build", "--model", "data/models/demo", "--corpus", "offline", "--out", "{out}"],
    "lab": ["lab", "--out", "{out}"],
    "train-demo": ["train-demo", "--out", "{out}", "--work", "{work}"],
    "train-sae": ["train-sae", "--model", "data/models/demo", "--layer", "0", "--out", "{out}"],
    "evaluate --json": ["evaluate", "{atlas}", "--only", "names", "--json", "{out}"],
    "evaluate --docs": ["evaluate", "{atlas}", "--only", "names", "--docs", "{out}"],
    "status": ["status", "{out}"],
}


def forbid_long_work(monkeypatch) -> None:
    """Fail if a model is loaded, an atlas verified or a corpus read."""

    def fail(*_, **__):
        raise AssertionError("a long computation was started")

    for name in (
        "precompute.build.prepare",
        "precompute.autoencoders.lab.images.sklearn_digits",
        "precompute.demo_model.data.corpus_texts",
        "precompute.autoencoders.train.run.open_transformer",
        "precompute.synthetic.make.vocabulary",
        "ne_core.atlas.verify.verify",
        "ne_core.sharing.archive.selection.verify",
        "precompute.evaluate.evaluate_names",
        "precompute.publish.export.static_page",
        "ne_core.sharing.remote.fetch.remote_version",
    ):
        monkeypatch.setattr(name, fail)


@pytest.mark.parametrize(
    "unfit", [dangling, circle, not_utf8, below_a_file, read_only], ids=lambda unfit: unfit.__name__
)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_an_invalid_output_first(
    command, unfit, tiny_atlas, packed, tmp_path, monkeypatch, capsys
):
    forbid_long_work(monkeypatch)
    (tmp_path / "a.zip").write_bytes(packed)
    (tmp_path / "place").mkdir()
    out = unfit(tmp_path / "place")
    names = {"atlas": tiny_atlas, "archive": tmp_path / "a.zip", "out": out, "work": tmp_path / "work"}
    before = sorted(tmp_path.rglob("*"))
    assert main([word.format(**names) for word in COMMANDS[command]]) == 2
    written = capsys.readouterr()
    (line,) = written.err.splitlines()
    assert written.out == ""
    assert len(line) > 15
    assert sorted(tmp_path.rglob("*")) == before


def test_archive_and_atlas_may_not_contain_each_other(tiny_atlas, tmp_path):
    atlas = make_atlas(tmp_path / "atlas")
    (tmp_path / "link").symlink_to(atlas)
    before = files(atlas)
    for out in (atlas / "a.zip", tmp_path / "link" / "a.zip"):
        with pytest.raises(AtlasError, match="inside the atlas"):
            pack(atlas, out)
    pack(atlas, tmp_path / "a.zip")
    (tmp_path / "a.zip").rename(atlas / "a.zip")
    with pytest.raises(AtlasError, match=r"a\.zip is inside .*, which the new atlas would replace"):
        unpack(atlas / "a.zip", tmp_path / "link")
    (atlas / "a.zip").unlink()
    assert files(atlas) == before


def test_inputs_of_a_build_inside_its_output_are_refused(tmp_path, capsys):
    atlas = make_atlas(tmp_path / "atlas")
    (atlas / "texts.txt").write_text("some text\n")
    for option in ("--corpus", "--maxima", "--sae"):
        command = ["build", "--model", "data/models/demo", option, str(atlas / "texts.txt"), "--out", str(atlas)]
        assert main(command) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert f"{atlas / 'texts.txt'} is inside {atlas}, which the new atlas would replace" in line
    assert (atlas / "texts.txt").exists()


def test_arguments_that_are_not_utf8_are_refused(capsys):
    assert main(["verify", os.fsdecode(b"caf\xe9")]) == 2
    assert capsys.readouterr().err == "'caf\\udce9' is not UTF-8: rename the file or folder\n"
    assert destination(Path("café")).name == "café"
