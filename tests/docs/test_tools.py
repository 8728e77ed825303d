"""Messages of `make` where it cannot install: one line, with what was tried and what would work."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.environment.install import install, reason

ROOT = Path(__file__).parents[2]
RETRY = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(…)': /simple/numpy/\n"


def fake_python(folder: Path, name: str, answer: str) -> Path:
    """Make an interpreter that prints this text for any arguments."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{f'echo {answer!r} >&2; exit 1' if answer else 'exit 0'}\n")
    file.chmod(0o755)
    return file


def find(folder: Path, python: str = "") -> subprocess.CompletedProcess:
    command = ["/bin/sh", str(ROOT / "deploy" / "environment" / "find_python.sh"), python]
    return subprocess.run(command, env={"PATH": str(folder)}, capture_output=True, text=True)


def test_the_newest_that_works_is_taken(tmp_path: Path):
    fake_python(tmp_path, "python3.14", "cannot start")
    fake_python(tmp_path, "python3.12", "")
    fake_python(tmp_path, "python3.11", "")
    assert find(tmp_path).stdout.strip() == str(tmp_path / "python3.12")


def test_a_python_of_another_name_is_taken_by_its_version(tmp_path: Path):
    (tmp_path / "python3").symlink_to(sys.executable)
    assert find(tmp_path).stdout.strip() == str(tmp_path / "python3")


def test_where_none_works_one_line_says_what_was_tried(tmp_path: Path):
    fake_python(tmp_path, "python3.14", "has no venv module (Debian: apt-get install python3-venv)")
    fake_python(tmp_path, "python3.13", "Traceback\nsomething")
    fake_python(tmp_path, "python3", "is Python 3.9")
    done = find(tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    for words in (
        "python3.14 has no venv module",
        "python3.13 does not start",
        "python3.11 is not there",
        "python3 is Python 3.9",
        "make PYTHON=",
    ):
        assert words in done.stderr


def test_the_one_that_is_named_is_checked_alone(tmp_path: Path):
    fake_python(tmp_path, "python3.11", "")
    old = fake_python(tmp_path, "old", "is Python 3.8")
    assert f"tried: {old} is Python 3.8. " in find(tmp_path, str(old)).stderr


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (RETRY + "ERROR: No matching distribution found for numpy==2.4.6", "the package index cannot be reached"),
        ("ERROR: No matching distribution found for faiss-cpu==1.15.1", "faiss-cpu==1.15.1 cannot be had"),
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: something new", "something new"),
        ("", "pip gave no reason"),
    ],
)
def test_why_pip_failed_is_one_line(output: str, words: str):
    assert reason(output).startswith(words)


def test_no_network_is_one_line_and_pip_output_is_stored(tmp_path: Path, monkeypatch, capsys):
    """The package index refuses connections."""
    for name, value in (("INDEX_URL", "http://127.0.0.1:9/simple"), ("EXTRA_INDEX_URL", ""), ("RETRIES", "1")):
        monkeypatch.setenv(f"PIP_{name}", value)
    assert install(["--dry-run", "a-package-of-nobody==1"], tmp_path / "log") != 0
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("the install failed: the package index cannot be reached")
    assert output.err.count("\n") == 1
    assert "Connection refused" in (tmp_path / "log").read_text()


def test_make_finds_a_python_for_each_environment():
    for target in ("app", "app-only", "audit"):
        command = ["make", "-n", "-B", "--no-print-directory", target]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert "deploy/environment/find_python.sh" in done.stdout
        assert "deploy/environment/install.py" in done.stdout
