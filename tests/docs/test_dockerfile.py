"""The image: which base, who runs it, what is copied into it, how its health is asked."""

import json
import re
import shlex
from pathlib import Path

import pytest

from precompute.publish.host.app import FILES, FOLDERS

TEXT = Path("deploy/docker/Dockerfile").read_text()
LINES = [line.split(" ", 1) for line in TEXT.splitlines() if line and not line.startswith("#")]
IGNORE = Path("deploy/docker/dockerignore").read_text().splitlines()


def given(instruction: str) -> list[str]:
    """What stands after each line of that kind, in order."""
    return [rest for name, rest in LINES if name == instruction]


def test_its_base_is_the_python_that_everything_is_tested_with_on_a_named_debian():
    (base,) = given("FROM")
    assert re.fullmatch(r"python:3\.11-slim-[a-z]+", base)
    assert Path("pyproject.toml").read_text().count('requires-python = ">=3.11"') == 1


def test_it_does_not_run_as_root():
    names = [name for name, _ in LINES]
    assert given("USER") == ["1000"]
    assert "RUN" not in names[names.index("USER") :]  # and nothing is made after that


def test_it_listens_where_the_space_and_the_health_check_look():
    (command,) = given("CMD")
    words = json.loads(command)
    assert words[:5] == ["python", "-m", "streamlit", "run", "app.py"]
    assert "--server.port=8501" in words
    assert given("EXPOSE") == ["8501"]
    (check,) = given("HEALTHCHECK")
    program = json.loads(check.split(" CMD ")[1])
    assert program[:2] == ["python", "-c"]
    assert "http://127.0.0.1:8501/_stcore/health" in program[2]
    compile(program[2], "health check", "exec")


@pytest.mark.parametrize("line", given("RUN"))
def test_no_command_goes_through_a_shell(line: str):
    assert all(isinstance(word, str) for word in json.loads(line))


def test_everything_is_copied_from_the_folder_and_nothing_from_elsewhere():
    assert not given("ADD")
    copied = [shlex.split(line) for line in given("COPY")]
    assert all(len(words) == 2 and "://" not in words[0] for words in copied)
    sources = {words[0] for words in copied}
    assert sources == {*FOLDERS, *(Path(name).parts[0] for name in FILES), "requirements.txt", "data"}
    assert IGNORE[1] == "*"
    assert {line[1:] for line in IGNORE if line.startswith("!")} == sources


def test_only_the_cache_and_tmp_are_written_to():
    assert given("VOLUME") == ["/cache"]
    (environment,) = given("ENV")
    assert {"NE_CACHE=/cache", "HOME=/tmp"} <= set(environment.split())
