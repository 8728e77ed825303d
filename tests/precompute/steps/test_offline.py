"""The offline corpus: read with `ast`, cleaned, deduplicated, in a fixed order; other versions are reported."""

import logging
import sys
from pathlib import Path

import pytest

from precompute.corpus import offline
from precompute.corpus.offline import (
    PACKAGES,
    STANDARD_LIBRARY,
    NamedText,
    Package,
    cleaned,
    documents,
    is_readable,
    report,
)

PROSE = "Return the {} that the caller asked for, and say in plain words what went wrong when there is none to return."


def docstring(*words: str) -> str:
    return f'"""{" ".join(words)} {PROSE.format(words[0])}"""\n'


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a package of the given files and returns its entry in the corpus."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name: str, files: dict[str, str], held_out: bool = False, version: str = "1.0") -> Package:
        for path, source in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(source)
        info = tmp_path / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        return Package(name, "1.0", name, held_out)

    return install


def texts(*packages: Package, split: str = "train", **options) -> list[str]:
    return [document.text for document in documents(split, packages=packages, **options)]


def test_no_packages_no_documents():
    assert texts() == []


def test_docstrings_are_read_in_source_order_without_imports(install):
    source = (
        docstring("module")
        + "raise RuntimeError('imported')\n"
        + f"async def f():\n    {docstring('coroutine')}\n"
        + f"class C:\n    {docstring('class')}\n    def m(self):\n        {docstring('method')}\n"
    )
    package = install("planted_never_imported", {"__init__.py": source})
    assert [text.split()[0] for text in texts(package)] == ["module", "coroutine", "class", "method"]
    assert "planted_never_imported" not in sys.modules


def test_files_that_do_not_parse_are_skipped_and_counted(install):
    stream = documents(packages=(install("half", {"good.py": docstring("good"), "bad.py": "def"}),))
    assert len(list(stream)) == 1
    assert (stream.n_files, stream.n_unparsed) == (2, 1)


def test_equal_texts_and_a_third_text_with_the_same_start_are_dropped(install):
    start = "one two three four five six seven eight"
    files = {f"{i}.py": docstring(start, f"ending {i}") for i in range(4)} | {
        "a.py": docstring("x"),
        "b.py": docstring("X "),
    }
    documents_read = texts(install("twins", files))
    assert sum(text.startswith(start) for text in documents_read) == offline.MAX_SAME_START
    assert sum(text.lower().startswith("x") for text in documents_read) == 1


def test_held_out_split_excludes_training_texts(install):
    train = install("seen", {"a.py": docstring("shared")})
    held_out = install("unseen", {"a.py": docstring("shared"), "b.py": docstring("own")}, held_out=True)
    assert [text.split()[0] for text in texts(train, held_out, split="held_out")] == ["own"]


def test_order_is_fixed_and_a_limit_gives_a_prefix(install):
    a, b = (install(name, {f"{i}.py": docstring(name, str(i)) for i in range(20)}) for name in ("aa", "bb"))
    everything = texts(a, b)
    assert everything == texts(b, a)
    assert len({text.split()[0] for text in everything[:10]}) == 2
    prefix = texts(a, b, limit_chars=500)
    assert prefix == everything[: len(prefix)]
    assert sum(map(len, prefix[:-1])) < 500 <= sum(map(len, prefix))


@pytest.mark.slow
def test_documents_do_not_depend_on_workers(install):
    package = install("many", {f"{i}.py": docstring(f"word{i}") for i in range(100)})
    assert texts(package, workers=2) == texts(package)


def test_hash_depends_on_the_texts_read(install):
    streams = [documents(packages=(install(name, {"a.py": docstring(name)}),)) for name in ("one", "two")]
    unread = streams[0].sha256
    for stream in streams:
        list(stream)
    again = documents(packages=streams[0].packages)
    list(again)
    assert len({unread, streams[0].sha256, streams[1].sha256}) == 3
    assert again.sha256 == streams[0].sha256


def test_missing_package_and_other_version_are_reported(install, caplog):
    packages = (install("other", {"a.py": docstring("x")}, version="2.0"), Package("absent-here", "3.1", "absent"))
    assert [status.version for status in report(packages)] == ["2.0", None]
    with caplog.at_level(logging.WARNING):
        assert len(texts(*packages)) == 1
    assert caplog.messages == [
        "offline corpus: other is version 2.0, expected version 1.0",
        "offline corpus: absent-here is missing, expected version 3.1",
    ]


def test_other_patch_release_of_python_is_reported(monkeypatch):
    monkeypatch.setattr(offline.platform, "python_version", lambda: "3.11.99")
    assert str(report([STANDARD_LIBRARY])[0]) == "offline corpus: python is version 3.11.99, expected version 3.11.7"


def test_listed_versions_match_the_pinned_ones():
    pins = dict(
        line.lower().replace("_", "-").split("==")
        for line in Path("constraints.txt").read_text().split()
        if "==" in line
    )
    pins |= dict(
        line.replace("_", "-").split("==") for line in Path("requirements.txt").read_text().split() if "==" in line
    )
    listed = {p.name.lower().replace("_", "-"): p.version for p in PACKAGES if p is not STANDARD_LIBRARY}
    assert listed == {name: pins.get(name) for name in listed}


def test_atlas_split_excludes_held_out_packages_and_the_standard_library():
    stream = documents("atlas", limit_chars=300_000)
    packages = {document.package for document in stream}
    assert len(packages) > 5
    assert not packages & {p.name for p in PACKAGES if p.held_out or p is STANDARD_LIBRARY}


def test_unknown_split_lists_the_splits():
    with pytest.raises(ValueError, match="'test': the offline corpus has the splits train, atlas, held_out"):
        documents("test")


def test_cleaned_text():
    assert cleaned("\n a\x00b\ud800\x9f \r\n\r\n\r\n\r\nc\td\re\n") == "ab\n\nc\td\ne"


def test_is_readable():
    prose = PROSE.format("value")
    assert is_readable(prose)
    assert not is_readable("Too short.")
    assert not is_readable(prose + "\n>>> f(1)\n{1: 2}\n" * 20)
    assert not is_readable(prose + " Licensed under the Example License.")


def test_limit_per_file():
    texts = [NamedText(text, "") for text in ("aaaa", "bbbbbbb", "cc", "d", "e")]
    assert [each.text for each in offline._first(texts, 7)] == ["aaaa", "cc", "d"]
