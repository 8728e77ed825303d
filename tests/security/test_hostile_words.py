"""Tests of an atlas of harmful texts: on every page, and in every exported file, they are plain text."""

import json
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest

from pages.components.base.escape import PUNCTUATION
from pages.components.shell.nav import PAGES
from pages.components.widgets import export
from tests.bench.visits.server import browse
from tests.security.test_fuzz_views import problems_of, view
from tests.support import fuzz
from tests.support.apptest import open_app
from tests.support.browser import launched
from tests.support.hostile import copy_atlas, manifest_of, seal, set_manifest

HARMFUL = [
    text for text in fuzz.HARMFUL if len(PUNCTUATION.findall(text)) > 1 and len(text) <= 100 and text.isprintable()
]
FOLDER = f'<img src=x onerror="window.{fuzz.MARK}=1">'
EXPORTED = {
    "neuron": {"layer": "0", "neuron": "2"},
    "search": {"q": "script"},
    "side_by_side": {"a": "0.0.0", "b": "0.2.1"},
}
HTML = "delta.new_element.html.body"  # Markdown characters are text there, elements are not
QUERIES = (
    {},
    {"layer": "0", "neuron": "2"},
    {"q": "script", "mode": "token"},
    {"a": "0.0.0", "b": "0.2.1"},
    {"unit": "1"},
)


def harmful(count: int) -> list[str]:
    """Return `count` different harmful texts."""
    return [f"{HARMFUL[i % len(HARMFUL)]}{i // len(HARMFUL) or ''}" for i in range(count)]


def copy_with_harmful_texts(atlas: Path, folder: Path) -> Path:
    """Copy an atlas, replacing names, models, corpora, layers, baselines, tokens and classes by harmful texts."""
    root = copy_atlas(atlas, folder / FOLDER)
    raw = manifest_of(root)
    vocab = json.loads((root / "vocab.json").read_text())
    (root / "vocab.json").write_text(json.dumps(harmful(len(vocab))))
    fields = {name: HARMFUL[i] for i, name in enumerate(("name", "weights", "dtype", "device", "gated_embedding"))}
    model = {name: HARMFUL[i] for i, name in enumerate(("name", "family", "act_fn", "sha256", "sae"), start=5)} | {
        "causal": True
    }
    corpus = dict(zip(("name", "sha256", "packing", "notes"), HARMFUL[10:], strict=False)) | {"n_documents": HARMFUL[1]}
    lists = {"layer_names": harmful(len(raw["layers"])), "baselines": harmful(len(raw["baselines"]))}
    set_manifest(
        root,
        **fields,
        model=model,
        corpus=corpus,
        libraries=dict(zip(HARMFUL[:9], HARMFUL[9:18], strict=True)),
        **lists,
    )
    if (root / "lab").exists():
        facts = json.loads((root / "lab" / "lab.json").read_text())
        facts["classes"] = harmful(len(facts["classes"]))
        facts["measures"] = {name: HARMFUL[i % len(HARMFUL)] for i, name in enumerate(facts["measures"])}
        facts |= {
            name: {HARMFUL[2]: HARMFUL[3], "name": HARMFUL[4]} for name in ("data", "mlp", "settings") if name != "mlp"
        }
        (root / "lab" / "lab.json").write_text(json.dumps(facts))
    seal(root)
    return root


@pytest.fixture(params=["tiny_atlas", "lab_atlas"])
def hostile(request, tmp_path: Path) -> Path:
    return copy_with_harmful_texts(request.getfixturevalue(request.param), tmp_path)


@pytest.mark.fast("tiny_atlas")
def test_pages_show_harmful_texts_as_text(hostile: Path):
    texts = tuple({*HARMFUL, FOLDER})
    with launched(hostile.parent, subprocess.DEVNULL) as (server, port), browse(server, port) as connection:
        for page in PAGES:
            for query in QUERIES:
                response = view(connection, fuzz.Address(page, urlencode(query), texts))
                problems = [text for text in problems_of(response) if not text.startswith(HTML)]
                problems += [
                    problem for path, text in response.texts() if path == HTML for problem in suspicious_elements(text)
                ]
                assert not problems, (page, query, problems[:5])


class Elements(HTMLParser):
    """Collect elements of an HTML or SVG file that only a harmful text can have created."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.suspicious: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attributes]
        values = [value or "" for name, value in attributes if name in ("href", "src", "xlink:href", "id", "class")]
        if (
            fuzz.MARK in tag
            or tag in ("img", "iframe", "object", "foreignobject")
            or any(n.startswith("on") for n in names)
        ):
            self.suspicious.append(self.get_starttag_text())
        if any(
            value.lower().startswith("javascript:") or "192.0.2.1" in value or fuzz.MARK in value for value in values
        ):
            self.suspicious.append(self.get_starttag_text())

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and data.startswith((fuzz.MARK, f"window.{fuzz.MARK}")):
            self.suspicious.append(data)


def suspicious_elements(text: str) -> list[str]:
    elements = Elements()
    elements.feed(text)
    return elements.suspicious


def exported_files(monkeypatch, hostile: Path) -> Iterator[tuple[str, str]]:
    """Yield every page and figure that the pages offer, by name."""
    offered = []

    def menu(atlas, query, name, *, tables=(), figures=(), drawings=(), pages=()):
        offered.extend((f"{name} {item.name}", item.svg) for item in figures)
        offered.extend((f"{name} {item.name}", item.make) for item in (*drawings, *pages))

    monkeypatch.setattr(export, "menu", menu)
    for page in PAGES:
        open_app(hostile.parent, page, monkeypatch, **EXPORTED.get(page, {}))
    for name, content in offered:
        yield name, content() if callable(content) else content


def test_exports_show_harmful_texts_as_text(hostile: Path, monkeypatch):
    exports = dict(exported_files(monkeypatch, hostile))
    assert sum(fuzz.MARK in text for text in exports.values()) >= 3, list(exports)
    for name, text in exports.items():
        assert not suspicious_elements(text), (name, suspicious_elements(text)[:3])


@pytest.mark.parametrize("html", [*fuzz.HARMFUL[:5], "<script>nefuzz</script>", "<a href='javascript:1'>"])
def test_suspicious_elements_are_detected(html: str):
    assert suspicious_elements(f"<p>{html}</p>")
    assert not suspicious_elements(f"<p class=a><svg><path d=M0></svg>{export.markdown('nefuzz')}</p>")
