"""An atlas whose every word would do harm: on every page, and in every file that a page exports, it is text."""

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
from tests.bench.server import browse
from tests.security.test_fuzz_views import view, wrong
from tests.support import fuzz
from tests.support.apptest import open_app
from tests.support.browser import launched
from tests.support.hostile import copied, manifest_of, seal, set_manifest

HARMFUL = [
    text for text in fuzz.HARMFUL if len(PUNCTUATION.findall(text)) > 1 and len(text) <= 100 and text.isprintable()
]
FOLDER = f'<img src=x onerror="window.{fuzz.MARK}=1">'
EXPORTED = {
    "neuron": {"layer": "0", "neuron": "2"},
    "search": {"q": "script"},
    "side_by_side": {"a": "0.0.0", "b": "0.2.1"},
}
HTML = "delta.new_element.html.body"  # signs of Markdown are text there, elements are not
QUERIES = (
    {},
    {"layer": "0", "neuron": "2"},
    {"q": "script", "mode": "token"},
    {"a": "0.0.0", "b": "0.2.1"},
    {"unit": "1"},
)


def harmful(count: int) -> list[str]:
    """As many as are wanted, each of another number."""
    return [f"{HARMFUL[i % len(HARMFUL)]}{i // len(HARMFUL) or ''}" for i in range(count)]


def of_harmful_words(atlas: Path, folder: Path) -> Path:
    """A copy in which names, models, corpora, layers, baselines, tokens and classes are harmful texts."""
    root = copied(atlas, folder / FOLDER)
    raw = manifest_of(root)
    vocab = json.loads((root / "vocab.json").read_text())
    (root / "vocab.json").write_text(json.dumps(harmful(len(vocab))))
    named = {name: HARMFUL[i] for i, name in enumerate(("name", "weights", "dtype", "device", "gated_embedding"))}
    model = {name: HARMFUL[i] for i, name in enumerate(("name", "family", "act_fn", "sha256", "sae"), start=5)} | {
        "causal": True
    }
    corpus = dict(zip(("name", "sha256", "packing", "notes"), HARMFUL[10:], strict=False)) | {"n_documents": HARMFUL[1]}
    more = {"layer_names": harmful(len(raw["layers"])), "baselines": harmful(len(raw["baselines"]))}
    set_manifest(
        root, **named, model=model, corpus=corpus, libraries=dict(zip(HARMFUL[:9], HARMFUL[9:18], strict=True)), **more
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
    return of_harmful_words(request.getfixturevalue(request.param), tmp_path)


def test_on_every_page_it_is_text(hostile: Path):
    texts = tuple({*HARMFUL, FOLDER})
    with launched(hostile.parent, subprocess.DEVNULL) as (server, port), browse(server, port) as connection:
        for page in PAGES:
            for query in QUERIES:
                seen = view(connection, fuzz.Address(page, urlencode(query), texts))
                said = [text for text in wrong(seen) if not text.startswith(HTML)]
                said += [each for place, text in seen.texts() if place == HTML for each in strange(text)]
                assert not said, (page, query, said[:5])


class Elements(HTMLParser):
    """What an HTML or SVG file would make a browser draw that only a harmful text could have put there."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.strange: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attributes]
        values = [value or "" for name, value in attributes if name in ("href", "src", "xlink:href", "id", "class")]
        if (
            fuzz.MARK in tag
            or tag in ("img", "iframe", "object", "foreignobject")
            or any(n.startswith("on") for n in names)
        ):
            self.strange.append(self.get_starttag_text())
        if any(
            value.lower().startswith("javascript:") or "192.0.2.1" in value or fuzz.MARK in value for value in values
        ):
            self.strange.append(self.get_starttag_text())

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and data.startswith((fuzz.MARK, f"window.{fuzz.MARK}")):
            self.strange.append(data)


def strange(text: str) -> list[str]:
    found = Elements()
    found.feed(text)
    return found.strange


def exported(monkeypatch, hostile: Path) -> Iterator[tuple[str, str]]:
    """Every page and figure that the pages offer, by name."""
    offered = []

    def menu(atlas, query, name, *, tables=(), figures=(), drawings=(), pages=()):
        offered.extend((f"{name} {each.name}", each.svg) for each in figures)
        offered.extend((f"{name} {each.name}", each.make) for each in (*drawings, *pages))

    monkeypatch.setattr(export, "menu", menu)
    for page in PAGES:
        open_app(hostile.parent, page, monkeypatch, **EXPORTED.get(page, {}))
    for name, made in offered:
        yield name, made() if callable(made) else made


def test_in_every_export_it_is_text(hostile: Path, monkeypatch):
    found = dict(exported(monkeypatch, hostile))
    assert sum(fuzz.MARK in text for text in found.values()) >= 3, list(found)
    for name, text in found.items():
        assert not strange(text), (name, strange(text)[:3])


@pytest.mark.parametrize("planted", [*fuzz.HARMFUL[:5], "<script>nefuzz</script>", "<a href='javascript:1'>"])
def test_what_is_strange_would_be_found(planted: str):
    assert strange(f"<p>{planted}</p>")
    assert not strange(f"<p class=a><svg><path d=M0></svg>{export.markdown('nefuzz')}</p>")
