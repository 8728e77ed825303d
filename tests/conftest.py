"""What several test files share."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

from ne_core.sharing.archive import pack
from tests.support.browser import chromium, served
from tests.support.planted import make_atlas
from tests.support.reused_page import ReusedPage


@pytest.fixture(autouse=True)
def own_program():
    """AppTest puts the app in the program's place, and leaves it: a child process started later would run it."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture(scope="session", autouse=True)
def components_scanned_once():
    """AppTest looks for components in every installed package anew: five sixths of the time of a run."""
    from streamlit.components.v2 import manifest_scanner  # seconds, which only the run of a test should take

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="session")
def tiny_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the planted atlas (tests/support/planted.py). Copy it before changing it."""
    return make_atlas(tmp_path_factory.mktemp("atlases") / "planted")


@pytest.fixture(scope="session")
def compared_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The planted atlas with random directions that its neurons are compared with. Copy it before changing it."""
    return make_atlas(tmp_path_factory.mktemp("compared") / "compared", rarefied=True)


@pytest.fixture(scope="session")
def packed(tiny_atlas: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The archive of the planted atlas."""
    out = tmp_path_factory.mktemp("packed") / "planted.atlas.zip"
    pack(tiny_atlas, out)
    return out.read_bytes()


@pytest.fixture(scope="session")
def image_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the planted atlas of images (tests/support/planted_images.py). Copy it before changing it."""
    from tests.support.planted_images import make_image_atlas  # it brings transformer_lens, which takes seconds

    return make_image_atlas(tmp_path_factory.mktemp("images") / "images")


@pytest.fixture(scope="session")
def lab_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of an atlas of images with the planted lab (support/planted_lab.py). Copy it before changing it."""
    from tests.support.planted_lab import make_lab_atlas  # as above

    return make_lab_atlas(tmp_path_factory.mktemp("labs") / "planted-lab")


def pytest_collection_modifyitems(items):
    """What installs an environment of its own is slow."""
    for item in items:
        if "app_only" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def app_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with what the explorer needs and nothing else, as a host installs it.

    Made once, also where several processes run the tests: the others wait.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "app-only"
    with FileLock(f"{folder}.lock"):
        if not (folder / "installed").exists():
            install_app_only(folder)
            (folder / "installed").touch()
    return folder / "bin" / "python"


def install_app_only(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    command = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run([*command, "--no-compile", "-r", "requirements-app.txt", "-c", "constraints.txt"], check=True)


@pytest.fixture
def hub(monkeypatch, tmp_path_factory: pytest.TempPathFactory):
    """A double of the hub (tests/support/hub.py), which the hub's client speaks to with a token that may write."""
    from huggingface_hub import constants  # half a second

    from tests.support import hub as doubles

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # large files go as they always did
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path_factory.mktemp("home") / "token"))
    monkeypatch.setenv("HF_TOKEN", doubles.WRITES)
    with doubles.hub() as double:
        monkeypatch.setenv("HF_ENDPOINT", double.address)
        yield double


@pytest.fixture(scope="session")
def planted_address(tiny_atlas: Path):
    """Of an explorer of the planted atlas."""
    with served(tiny_atlas.parent) as address:
        yield address


@pytest.fixture(scope="module")
def address(planted_address: str) -> str:
    """Of the explorer that a file's browser tests are about; a file may have its own."""
    return planted_address


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def reused_page(browser, address: str):
    with ReusedPage(browser, address) as page:
        yield page


@pytest.fixture
def opened(reused_page):
    """Opens a view in a browser; afterwards nothing wrong may have been heard of any page."""
    with reused_page.test() as open_view:
        yield open_view
