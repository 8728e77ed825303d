"""Test of the explorer on a read-only file system without temporary files, as cautious hosts run it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pages.components.shell.nav import PAGES
from tests.bench.visits.server import browse, run_page
from tests.support.browser import ROOT, free_port

SANDBOX = [
    "bwrap",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    "--unshare-pid",
    "--die-with-parent",
    "--",
]


def can_sandbox() -> bool:
    return bool(shutil.which("bwrap")) and subprocess.run([*SANDBOX, "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not can_sandbox(), reason="bubblewrap is not available to this user")
def test_pages_on_a_read_only_file_system(tiny_atlas: Path, tmp_path: Path):
    assert subprocess.run([*SANDBOX, "touch", tmp_path / "written"], capture_output=True).returncode != 0
    port = free_port()
    command = [*SANDBOX, sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1"]
    environment = os.environ | {"NE_ATLASES": str(tiny_atlas.parent), "HOME": "/nowhere"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            with browse(process, port) as connection:
                for page in PAGES:
                    run_page(connection, page, "layer=0&neuron=0&feature=0&q=cat")
        finally:
            process.terminate()
