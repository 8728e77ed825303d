"""data/README.md says what ne_core/schema.py says."""

from pathlib import Path

from ne_core.contract import markdown


def test_the_committed_page_is_the_one_made_from_the_schema():
    page = Path("data/README.md").read_text(encoding="utf-8")
    assert page == markdown(), "run: python -m ne_core.contract > data/README.md"
