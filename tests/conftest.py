"""What several test files share."""

import os
from pathlib import Path

import pytest

from tests.planted import make_atlas

# Operations this small take ten times as long when their threads wait for a busy core; torch reads this when it loads.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def tiny_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the planted atlas (tests/planted.py). Copy it before changing it."""
    return make_atlas(tmp_path_factory.mktemp("atlases") / "planted")
