"""What several test files share."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import Heard, chromium, served, settled
from tests.planted import make_atlas


@pytest.fixture(scope="session")
def tiny_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the planted atlas (tests/planted.py). Copy it before changing it."""
    return make_atlas(tmp_path_factory.mktemp("atlases") / "planted")


@pytest.fixture(scope="session")
def image_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the planted atlas of images (tests/planted_images.py). Copy it before changing it."""
    from tests.planted_images import make_image_atlas  # it brings transformer_lens, which takes seconds

    return make_image_atlas(tmp_path_factory.mktemp("images") / "images")


@pytest.fixture(scope="session")
def lab_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of an atlas of images with the planted lab (tests/planted_lab.py). Copy it before changing it."""
    from tests.planted_lab import make_lab_atlas  # as above

    return make_lab_atlas(tmp_path_factory.mktemp("labs") / "planted-lab")


@pytest.fixture(scope="session")
def app_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with what the explorer needs and nothing else, as a host installs it."""
    folder = tmp_path_factory.mktemp("app-only") / "env"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    command = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-compile"]
    subprocess.run([*command, "-r", "requirements-app.txt", "-c", "constraints.txt"], check=True)
    return python


@pytest.fixture(scope="module")
def address(tiny_atlas: Path):
    """Of an explorer of the planted atlas."""
    with served(tiny_atlas.parent) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def opened(browser, address: str):
    """Opens a view in a browser context of its own; afterwards nothing wrong may have been heard of any."""
    contexts, heard = [], []

    def open_view(view: str, width: int = 1280, height: int = 900, theme: str = "light", **more):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, **more)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        heard.append(Heard(page, address))
        page.goto(f"{address}/{view}")
        page.locator("h1").first.wait_for()
        settled(page)
        return page

    yield open_view
    for context in contexts:
        context.close()
    wrong = [line for each in heard for line in each.wrong]
    assert not wrong, "\n".join(wrong)
