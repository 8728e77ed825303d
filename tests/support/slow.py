"""Which tests `make test` leaves to `make test-all`."""

from pathlib import Path

LISTED = Path(__file__).parents[1] / "slow.txt"


def slow_tests() -> tuple[str, ...]:
    """Lines of slow.txt: a file below tests/, and the beginning of a test's name."""
    lines = LISTED.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))
