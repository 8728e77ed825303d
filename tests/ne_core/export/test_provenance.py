"""Tests of the provenance of exports and of citations."""

import hashlib
import re
from pathlib import Path

from ne_core import VERSION
from ne_core.atlas import Atlas
from ne_core.export.provenance import PAPER, bibtex, citation, provenance


def test_citation_names_paper_tool_and_atlas(tiny_atlas):
    text = citation(Atlas.open(tiny_atlas))
    assert hashlib.sha256((tiny_atlas / "manifest.json").read_bytes()).hexdigest() in text
    for word in ("Alex Foote", "arXiv:2411.08166", "2024", VERSION, "planted"):
        assert word in text
    assert "\n" not in text


def test_provenance_has_the_view(tiny_atlas):
    origin = provenance(Atlas.open(tiny_atlas), {"layer": "0", "q": "a&b"})
    assert origin["view"] == "layer=0&q=a%26b"
    assert origin["atlas"] == "planted"
    assert all(isinstance(value, str) for value in origin.values())


def test_citation_file_matches():
    text = Path("CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.*)$", text, re.M)[1] == VERSION
    for name in ("title", "arxiv", "year"):
        assert PAPER[name] in text
    assert PAPER["arxiv"] in bibtex()
