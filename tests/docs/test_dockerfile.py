"""The Docker image: base, user, copied files and health check."""

import json
import re
import shlex
from pathlib import Path

import pytest

from precompute.publish.host.app import FILES, FOLDERS
from precompute.publish.host.fill import fill_names
from precompute.publish.host.live import CODE, copy_line

TEXT = fill_names(Path("deploy/docker/Dockerfile").read_text(), {"copy_live": copy_line(True)})
LINES = [line.split(" ", 1) for line in TEXT.splitlines() if line and not line.startswith("#")]
IGNORE = Path("deploy/docker/dockerignore").read_text().splitlines()


def arguments_of(instruction: str) -> list[str]:
    """Return the arguments of each line with this instruction, in order."""
    return [rest for name, rest in LINES if name == instruction]


def test_base_is_tested_python_on_named_debian():
    (base,) = arguments_of("FROM")
    assert re.fullmatch(r"python:3\.11-slim-[a-z]+", base)
    assert Path("pyproject.toml").read_text().count('requires-python = ">=3.11"') == 1


def test_does_not_run_as_root():
    names = [name for name, _ in LINES]
    assert arguments_of("USER") == ["1000"]
    assert "RUN" not in names[names.index("USER") :]  # no commands after the switch


def test_port_matches_health_check():
    (command,) = arguments_of("CMD")
    words = json.loads(command)
    assert words[:5] == ["python", "-m", "streamlit", "run", "app.py"]
    assert "--server.port=8501" in words
    assert arguments_of("EXPOSE") == ["8501"]
    (check,) = arguments_of("HEALTHCHECK")
    program = json.loads(check.split(" CMD ")[1])
    assert program[:2] == ["python", "-c"]
    assert "http://127.0.0.1:8501/_stcore/health" in program[2]
    compile(program[2], "health check", "exec")


@pytest.mark.parametrize("line", arguments_of("RUN"))
def test_commands_use_no_shell(line: str):
    assert all(isinstance(word, str) for word in json.loads(line))


def test_copies_only_local_files():
    assert not arguments_of("ADD")
    copies = [shlex.split(line) for line in arguments_of("COPY")]
    assert all(len(words) == 2 and "://" not in words[0] for words in copies)
    sources = {words[0] for words in copies}
    assert sources == {*FOLDERS, CODE, *(Path(name).parts[0] for name in FILES), "requirements.txt", "data"}
    assert IGNORE[1] == "*"
    assert {line[1:] for line in IGNORE if line.startswith("!")} == sources


def test_only_cache_and_tmp_are_writable():
    assert arguments_of("VOLUME") == ["/cache"]
    (environment,) = arguments_of("ENV")
    assert {"NE_CACHE=/cache", "HOME=/tmp"} <= set(environment.split())
