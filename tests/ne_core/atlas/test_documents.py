"""Documents of an atlas: the document of a position, names and groups, and atlases that have none."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.atlas.documents import DocumentTable
from ne_core.atlas.verify import verify
from ne_core.errors import AtlasError
from precompute.corpus.sources import DocumentList
from tests.support.hostile import (
    Damage,
    copy_atlas,
    replace_array,
    replace_file,
    set_fields,
    set_values,
    without_documents,
)
from tests.support.planted import FILES, N_CTX, N_EXAMPLES, SECOND_STARTS


def three_documents() -> DocumentTable:
    """Two documents in the first of two examples of 8 tokens, and one in the second."""
    documents = DocumentList()
    documents.add(0, "a.txt", " line 1")
    documents.add(5, "b.txt", "")
    documents.add(8, "a.txt", " line 9")
    return documents.documents(n_ctx=8)


def test_document_of_a_position():
    table = three_documents()
    assert table.at(np.array([0, 0, 0, 0, 1]), np.array([0, 4, 5, 7, 3])).tolist() == [0, 0, 1, 1, 2]
    assert table.at(np.array([], np.int32), np.array([], np.int16)).tolist() == []
    assert table.sources(np.array([0, 0, 1]), np.array([3, 7, 0])) == ["a.txt line 1", "b.txt", "a.txt line 9"]
    assert (table.group.tolist(), len(table.groups)) == ([0, 1, 0], 2)


def test_positions_agree_with_a_search_from_the_start():
    rng = np.random.default_rng(0)
    starts = np.concatenate([[0], np.sort(rng.choice(np.arange(1, 40 * 16), 70, replace=False))])
    documents = DocumentList()
    for number, start in enumerate(starts.tolist()):
        documents.add(start, "group", f" {number}")
    example, pos = rng.integers(40, size=200), rng.integers(16, size=200)
    places = (example * 16 + pos).tolist()
    expected = [max(i for i, start in enumerate(starts.tolist()) if start <= place) for place in places]
    assert documents.documents(16).at(example.astype(np.int32), pos.astype(np.int16)).tolist() == expected


@pytest.mark.parametrize(
    "text", ["", "a", "a.txt", "a.txt line", "a.txt line 9", "a.txt line 91", "é", "b.txtx", "\ud800"]
)
def test_documents_that_begin_with_a_text(text):
    documents = DocumentList()
    names = [("a.txt", " line 1"), ("b.txt", ""), ("a.txt", " line 9"), ("a.txt line", " 9"), ("é", "è"), ("", "a.txt")]
    for start, (group, name) in enumerate(names):
        documents.add(start, group, name)
    expected = [(group + name).startswith(text) for group, name in names]
    assert documents.documents(8).beginning(text).tolist() == expected


def test_positions_beyond_int32():
    documents = DocumentList()
    for number in range(3):
        documents.add(number * 2**32, "group", f" {number}")
    table = documents.documents(2**15 - 1)
    example = np.array([2**32 // (2**15 - 1) + 1], np.int32)
    assert table.sources(example, np.array([2**15 - 2], np.int16)) == ["group 1"]


def test_long_and_undecodable_names_are_bounded():
    documents = DocumentList()
    documents.add(0, "file\udcff", " é" * 2000)
    name = documents.documents(8).name(0)
    assert name.startswith("file? é")
    assert len(name[5:].encode()) in (999, 1000)
    assert "\ufffd" not in name


def test_atlas_has_the_documents_that_were_written(tiny_atlas):
    atlas = Atlas.open(tiny_atlas)
    assert len(atlas.documents) == N_EXAMPLES
    pos = np.array([SECOND_STARTS - 1, SECOND_STARTS, N_CTX - 1])
    assert atlas.documents.sources(np.array([4, 4, 5]), pos) == [f"{FILES[0]} line 4", *[f"{FILES[1]} line 5"] * 2]


def test_atlas_without_documents(tiny_atlas, tmp_path):
    root = without_documents(copy_atlas(tiny_atlas, tmp_path / "old"))
    assert Atlas.open(root).documents is None
    assert list(verify(root)) == []


REFUSED: dict[str, Damage] = {
    "documents in another order": replace_array("documents/starts.npy", lambda a: a[::-1].copy()),
    "two documents at one place": set_values("documents/starts.npy", 1, 0),
    "a first document that is late": set_values("documents/starts.npy", 0, 1),
    "a document after the last example": set_values("documents/starts.npy", -1, N_EXAMPLES * N_CTX),
    "no document": replace_array("documents/starts.npy", lambda a: a[:0]),
    "an unknown group": set_values("documents/group.npy", 3, 2),
    "a negative group": set_values("documents/group.npy", 3, -1),
    "a name that ends before it begins": set_values("documents/name_ends.npy", 3, 0),
    "a name before the first": set_values("documents/name_ends.npy", 0, -1),
    "a name that ends after the last byte": set_values("documents/name_ends.npy", -1, 2**62),
    "bytes of no name": replace_array("documents/groups.npy", lambda a: np.append(a, a)),
    "a pickle": replace_file("documents/names.npy", b"\x80\x04K\x01."),
    "one group less": replace_array("documents/group_ends.npy", lambda a: a[:1]),
    "an unknown kind of group": set_fields(documents="<b>"),
    "a missing file": lambda root: (root / "documents/starts.npy").unlink(),
}


@pytest.mark.parametrize("name", REFUSED)
def test_damaged_documents_are_refused(name, tiny_atlas, tmp_path):
    root = copy_atlas(tiny_atlas, tmp_path / "damaged")
    REFUSED[name](root)
    with pytest.raises(AtlasError) as error:
        Atlas.open(root)
    assert "\n" not in str(error.value)


def test_bytes_that_are_not_utf8_are_replaced(tiny_atlas, tmp_path):
    root = copy_atlas(tiny_atlas, tmp_path / "bytes")
    set_values("documents/groups.npy", 0, 255)(root)
    assert Atlas.open(root).documents.name(0) == "\ufffd" + f"{FILES[0]} line 0"[1:]
