"""What several test files share."""

from pathlib import Path

import pytest

from tests.planted import make_atlas


@pytest.fixture(scope="session")
def tiny_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the planted atlas (tests/planted.py). Copy it before changing it."""
    return make_atlas(tmp_path_factory.mktemp("atlases") / "planted")
