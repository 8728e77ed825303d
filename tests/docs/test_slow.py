"""slow.txt names tests that there are."""

from pathlib import Path

import pytest

LINES = [line for line in Path("tests/slow.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("line", LINES)
def test_what_it_names_is_there(line: str):
    file, name = line.split(" ", 1)
    assert f"def {name.split('[')[0]}(" in (Path("tests") / file).read_text(encoding="utf-8")
