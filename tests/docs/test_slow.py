"""slow.txt names tests that there are."""

from pathlib import Path

import pytest

from tests.support.slow import slow_tests


@pytest.mark.parametrize("line", slow_tests())
def test_what_it_names_is_there(line: str):
    file, name = line.split(" ", 1)
    assert f"def {name.split('[')[0]}(" in (Path("tests") / file).read_text(encoding="utf-8")
