"""What of this project's code a run that goes on must share with the one that began it."""

from pathlib import Path

import precompute
from precompute.code import WRITING, hash_of


def code(root: Path) -> Path:
    root.mkdir()
    for name in ("names.py", *WRITING):
        (root / name).write_text("a = 1")
    (root / "collect").mkdir()
    (root / "collect" / "unit.py").write_text("a = 1")
    return root


def test_what_computes_units_counts_and_what_writes_the_atlas_does_not(tmp_path):
    root = code(tmp_path / "precompute")
    before = hash_of([root])
    for name in WRITING:
        (root / name).write_text("a = 2")
    assert hash_of([root]) == before
    for name in ("names.py", "collect/unit.py"):
        (root / name).write_text("a = 2")
        assert hash_of([root]) != before
        (root / name).write_text("a = 1")
        assert hash_of([root]) == before


def test_what_does_not_count_is_there():
    assert all((Path(precompute.__path__[0]) / name).is_file() for name in WRITING)
