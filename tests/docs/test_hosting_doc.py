"""docs/hosting.md: its commands exist, and the files and limits it names are those of the code."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from precompute.__main__ import VERBS, parser
from precompute.publish.host.targets import MIB, TARGETS

TEXT = Path("docs/hosting.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S) for line in block.strip().splitlines()]
CONFIGURATION = Path("deploy/nginx/neuron-embeddings.conf").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_exists(command: str):
    words = shlex.split(command)
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", Path("Makefile").read_text(), re.M)
    elif words[2] == "precompute":
        parser().parse_args(words[3:])
    else:
        assert words[:3] == [".venv/bin/python", "-m", "tests.bench"]


def test_make_serves_sub_path():
    command = ["make", "-n", "--no-print-directory", "app", "BASE=see", "PORT=9"]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    assert process.stdout.splitlines()[-1].endswith("run app.py --server.port 9 --server.baseUrlPath see")


def test_every_host_has_a_command():
    named = {shlex.split(command)[4] for command in COMMANDS if " precompute host " in command}
    assert named == set(TARGETS)


@pytest.mark.parametrize("name", re.findall(r"`([\w.-]+/[\w./-]*\.\w+)`", TEXT))
def test_named_files_exist(name: str):
    assert Path(name).exists() or name == "data/atlas.txt"


def test_named_verbs_exist():
    (sentence,) = re.findall(r"commands (`verify`.*?); the others", TEXT, re.S)
    assert set(re.findall(r"`(\w+)`", sentence)) <= set(VERBS)


def test_limits_match_configuration():
    assert f"{TARGETS['streamlit'].max_file_size // MIB} MiB on GitHub" in TEXT
    assert f"{TARGETS['space'].max_file_size // MIB} MiB in a Space" in TEXT
    views, starts, files, most_starts, most_files = (
        re.search(pattern, CONFIGURATION)[1]
        for pattern in (
            r"limit_conn explorer_views (\d+);",
            r"explorer_starts:1m rate=(\d+)r/s",
            r"explorer_files:1m rate=(\d+)r/s",
            r"zone=explorer_starts burst=(\d+) ",
            r"zone=explorer_files burst=(\d+) ",
        )
    )
    sentence = f"{views} open views, {starts} new ones a second and {files} files a second for one address"
    assert f"{sentence}, in bursts of {most_starts} and {most_files}" in TEXT
