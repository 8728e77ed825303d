"""Shared fixtures."""

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
from tests.support.planted_ideas import PLANTED
from tests.support.planted_rotations import make_rotated_atlas
from tests.support.reused_page import ReusedPage

LONG = ("browser", "precompute", "security", "serving", "pages")
os.environ.setdefault("NE_LIVE", "off")  # pages start no model; tests of the live model start their own


@pytest.fixture(autouse=True)
def restore_main_module():
    """Restore `__main__`: AppTest replaces it, and a child process started later would run the app."""
    main_module = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main_module


@pytest.fixture(scope="session", autouse=True)
def components_scanned_once():
    """Scan the installed packages for components once: AppTest does it for every run, at high cost."""
    from streamlit.components.v2 import manifest_scanner  # takes seconds, so not at collection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="session")
def tiny_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of the planted atlas (tests/support/planted.py). Copy it before changing it."""
    return make_atlas(tmp_path_factory.mktemp("atlases") / "planted")


@pytest.fixture(scope="session")
def compared_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the planted atlas with random directions for comparison. Copy it before changing it."""
    return make_atlas(tmp_path_factory.mktemp("compared") / "compared", equal_n=True)


@pytest.fixture(scope="session")
def two_trees_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the planted atlas without inputs, with trees of x beside those of x ⊙ w. Copy it before changing it."""
    return make_atlas(tmp_path_factory.mktemp("two_trees") / "two_trees", inputs=False, other_trees=True)


@pytest.fixture(scope="session")
def ideas_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of an atlas with planted ideas (support/planted_ideas.py). Copy it before changing it."""
    return make_atlas(tmp_path_factory.mktemp("ideas") / "ideas", planted=PLANTED)


@pytest.fixture(scope="session")
def rotated_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of an atlas of rotated layers (support/planted_rotations.py). Copy it before changing it."""
    return make_rotated_atlas(tmp_path_factory.mktemp("rotations") / "rotated")


@pytest.fixture(scope="session")
def packed(tiny_atlas: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the archive of the planted atlas."""
    out = tmp_path_factory.mktemp("packed") / "planted.atlas.zip"
    pack(tiny_atlas, out)
    return out.read_bytes()


@pytest.fixture(scope="session")
def image_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of the planted atlas of images (support/planted_images.py). Copy it before changing it."""
    from tests.support.planted_images import make_image_atlas  # imports transformer_lens, which takes seconds

    return make_image_atlas(tmp_path_factory.mktemp("images") / "images")


@pytest.fixture(scope="session")
def lab_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of an image atlas with the planted lab (support/planted_lab.py). Copy before changing it."""
    from tests.support.planted_lab import make_lab_atlas  # as above

    return make_lab_atlas(tmp_path_factory.mktemp("labs") / "planted-lab")


def pytest_collection_modifyitems(config, items):
    """Mark tests that install an environment, and the further cases of a test, as slow; run long files first.

    A worker that begins a long file last leaves the other one idle.
    """
    for item in items:
        if "app_only" in getattr(item, "fixturenames", ()) or is_further_case(item):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: rank_of(item.path.relative_to(config.rootpath)))


def is_further_case(item) -> bool:
    """Return whether a test names its cases that are `fast`, without this one."""
    fast = item.get_closest_marker("fast")
    return bool(fast) and not any(word in item.callspec.id for word in fast.args)


def rank_of(path: Path) -> int:
    """Return the place of a test file's folder among those that take long, first the longest."""
    return next((rank for rank, folder in enumerate(LONG) if folder in path.parts), len(LONG))


@pytest.fixture(scope="session")
def app_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of a fresh environment with only the explorer's packages, as a host installs them.

    Created once, also when several processes run the tests: the others wait.
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
    """Yield a double of the hub (tests/support/hub.py); the hub's client uses a token that may write."""
    from huggingface_hub import constants  # takes half a second

    from tests.support import hub as doubles

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # upload large files over plain HTTP
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path_factory.mktemp("home") / "token"))
    monkeypatch.setenv("HF_TOKEN", doubles.WRITES)
    with doubles.hub() as double:
        monkeypatch.setenv("HF_ENDPOINT", double.address)
        template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, double.address)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)  # both read the variable at import
        monkeypatch.setattr(constants, "ENDPOINT", double.address)
        yield double


@pytest.fixture(scope="session")
def planted_address(tiny_atlas: Path):
    """Yield the address of an explorer of the planted atlas."""
    with served(tiny_atlas.parent) as address:
        yield address


@pytest.fixture(scope="module")
def address(planted_address: str) -> str:
    """Return the address of the explorer for a file's browser tests; a file may override it."""
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
def open_view(reused_page):
    """Yield a function that opens a view in a browser; fail afterwards if a page had errors."""
    with reused_page.test() as open_function:
        yield open_function
