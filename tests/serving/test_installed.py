"""The project installed by pip: the packages, the command, and an explorer, away from the checkout."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pages.components.serving.start import flags
from tests.support.browser import free_port
from tests.support.views import browse, run_page

pytestmark = pytest.mark.slow  # it builds a wheel
ROOT = Path(__file__).parents[2]
PARTS = ("ne_core", "pages", "precompute", "app.py", ".streamlit", "pyproject.toml")


@pytest.fixture(scope="module", params=["wheel", "editable"])
def commands(request, app_only: Path, tmp_path_factory) -> Path:
    """The folder of commands of an environment with the explorer's packages and this project, installed by pip."""
    sources, place = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("installed")
    for part in (*PARTS, *(path.name for path in ROOT.glob("requirements*.txt"))):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copyfile
        copy(ROOT / part, sources / part)
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    packages = "lib/python{}.{}/site-packages".format(*sys.version_info[:2])
    (place / packages / "explorer.pth").write_text(f"{app_only.parents[1] / packages}\n")
    install = [place / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps"]
    subprocess.run([*install, *(["--editable"] if request.param == "editable" else []), str(sources)], check=True)
    if request.param == "wheel":
        shutil.rmtree(sources)
    return place / "bin"


def run(commands: Path, *command: str, folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run([commands / command[0], *command[1:]], cwd=folder, capture_output=True, text=True)


def test_ne_core_is_imported_anywhere(commands: Path, tmp_path: Path, tiny_atlas: Path):
    code = f"from ne_core.atlas import Atlas; print(Atlas.open({str(tiny_atlas)!r}).manifest.name)"
    assert run(commands, "python", "-c", code, folder=tmp_path).stdout == "planted\n"


def test_the_command_has_the_verbs(commands: Path, tmp_path: Path, tiny_atlas: Path):
    done = run(commands, "neuron-embeddings", "verify", str(tiny_atlas), folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{tiny_atlas} is complete and unchanged\n")
    done = run(commands, "neuron-embeddings", "verify", "nowhere", folder=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    done = run(commands, "neuron-embeddings", "fly", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("neuron-embeddings: ")


def test_every_page_opens(commands: Path, tmp_path: Path, tiny_atlas: Path):
    from pages.components.shell.nav import PAGES

    port, environment = free_port(), os.environ | {"NE_ATLASES": str(tiny_atlas.parent)}
    command = [commands / "neuron-embeddings", "app", "--port", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as explorer:
        try:
            with browse(explorer, port) as connection:
                for page in ("", *PAGES):
                    run_page(connection, page, f"atlas={tiny_atlas.name}")
        finally:
            explorer.terminate()


def test_its_settings_are_those_of_the_checkout(commands: Path, tmp_path: Path):
    code = "import pages.components.serving.start as s; print(s.settings_file().read_text())"
    done = run(commands, "python", "-c", code, folder=tmp_path)
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert tomllib.loads(done.stdout) == settings
    assert (
        flags(settings)["theme_light_sidebar_backgroundColor"]
        == settings["theme"]["light"]["sidebar"]["backgroundColor"]
    )
    assert flags(settings)["server_maxUploadSize"] == -1
