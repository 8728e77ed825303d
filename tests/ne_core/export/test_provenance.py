"""What exports say of where they came from, and how to cite them: the same in every place."""

import hashlib
import re
from pathlib import Path

from ne_core import VERSION
from ne_core.atlas import Atlas
from ne_core.export.provenance import PAPER, bibtex, citation, provenance


def test_the_citation_names_paper_tool_and_atlas(tiny_atlas):
    said = citation(Atlas.open(tiny_atlas))
    assert hashlib.sha256((tiny_atlas / "manifest.json").read_bytes()).hexdigest() in said
    for word in ("Alex Foote", "arXiv:2411.08166", "2024", VERSION, "planted"):
        assert word in said
    assert "\n" not in said


def test_an_export_says_which_view_it_is_of(tiny_atlas):
    said = provenance(Atlas.open(tiny_atlas), {"layer": "0", "q": "a&b"})
    assert said["view"] == "layer=0&q=a%26b"
    assert said["atlas"] == "planted"
    assert all(isinstance(value, str) for value in said.values())


def test_the_citation_file_says_the_same():
    said = Path("CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.*)$", said, re.M)[1] == VERSION
    for name in ("title", "arxiv", "year"):
        assert PAPER[name] in said
    assert PAPER["arxiv"] in bibtex()
