"""Names of features: terms that tell a feature from its siblings, by examples that a reader can name."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method import naming
from ne_core.method.cluster import cut
from ne_core.method.naming import Names, longest_lived, names, node_names, word_classes
from ne_core.method.nodes import tops
from ne_core.refs import NeuronRef

VOCAB = [" York", " New", " Duke", " the", " of", "import", " import", " Import", " to", ".", " ate", " saw"]
YORK, NEW, DUKE, THE, OF, IMPORT, SPACED, CAPITAL, TO, DOT, ATE, SAW = range(len(VOCAB))
WORDS = word_classes(VOCAB)


def named(texts: list[list[int]], group: list[int], importance=None, owner=None) -> Names:
    """The last token of every text is its key token."""
    back = max(map(len, texts))
    tokens = np.array([[-1] * (back - len(text)) + text for text in texts])
    owner = np.zeros(max(group) + 1, dtype=int) if owner is None else np.array(owner)
    importance = np.full((len(texts), 1, back), np.nan) if importance is None else np.array(importance, dtype=float)
    return names(np.array(group), owner, tokens, importance, WORDS)


def terms(row: np.ndarray) -> list[str]:
    return [VOCAB[token] for token in row if token >= 0]


def test_features_are_named_by_the_key_tokens_that_only_they_have():
    found = named([[YORK], [YORK], [DOT], [TO], [TO], [DOT]], [0, 0, 0, 1, 1, 1])
    assert [terms(row)[0] for row in found.keys] == [" York", " to"]


def test_a_rarer_token_of_its_own_comes_before_one_that_siblings_have_more_of():
    """“to” is the key token of two of four examples here and of all elsewhere; “York” of two, and nowhere else."""
    found = named([[TO], [TO], [YORK], [YORK], [TO], [TO]], [0, 0, 0, 0, 1, 1])
    assert terms(found.keys[0]) == [" York", " to"]


def test_a_token_that_all_siblings_share_still_names_them():
    found = named([[YORK]] * 4, [0, 0, 1, 1])
    assert [terms(row) for row in found.keys] == [[" York"], [" York"]]
    assert [terms(row) for row in found.context] == [[], []]


def test_the_context_tells_apart_what_the_key_token_does_not():
    texts = [[THE, NEW, YORK]] * 3 + [[THE, DUKE, YORK]] * 2
    found = named(texts, [0, 0, 0, 1, 1])
    assert [terms(row) for row in found.keys] == [[" York"], [" York"]]
    assert [terms(row) for row in found.context] == [[" New"], [" Duke"]]  # both have “the”


def test_one_word_in_three_spellings_is_one_term_in_its_commonest():
    found = named([[IMPORT], [SPACED], [SPACED], [CAPITAL], [TO]], [0, 0, 0, 0, 1])
    assert [terms(row) for row in found.keys] == [[" import"], [" to"]]


def test_measured_importance_names_a_distant_word_and_passes_over_a_near_one():
    texts = [[NEW, SAW, THE, YORK]] * 2 + [[DOT, TO, THE, YORK]] * 2
    importance = np.zeros((4, 1, 4))
    importance[:2, 0, 0] = 0.8
    found = named(texts, [0, 0, 1, 1], importance)
    assert terms(found.context[0]) == [" New"]
    assert terms(found.context[1]) == []


def test_one_measured_example_speaks_for_those_that_were_not():
    texts = [[NEW, THE, TO, YORK]] * 3 + [[OF, THE, TO, YORK]] * 3
    importance = np.full((6, 1, 4), np.nan)
    importance[0, 0] = [0.9, 0, 0, 1]
    assert terms(named(texts, [0] * 3 + [1] * 3, importance).context[0]) == [" New"]
    importance[0, 0] = [0, 0, 0, 1]
    assert terms(named(texts, [0] * 3 + [1] * 3, importance).context[0]) == []


def test_what_holds_the_activation_down_is_no_context_term():
    texts = [[NEW, YORK]] * 2 + [[DUKE, YORK]] * 2
    found = named(texts, [0, 0, 1, 1], [[[-0.9, 1]]] * 2 + [[[0.9, 1]]] * 2)
    assert [terms(row) for row in found.context] == [[], [" Duke"]]


def test_a_word_of_one_example_among_several_is_no_context_term():
    texts = [[SAW, YORK], [ATE, YORK], [THE, TO], [THE, TO]]
    assert terms(named(texts, [0, 0, 1, 1]).context[0]) == []
    assert terms(named(texts[1:], [0, 1, 1]).context[0]) == [" ate"]  # a feature of one example is that example


def test_baselines_count_by_their_mean():
    texts = [[NEW, YORK]] * 2 + [[DUKE, YORK]] * 2
    importance = np.zeros((4, 2, 2))
    importance[:, 0, 0], importance[2:, 1, 0] = [0.1, 0.1, 0.1, 0.1], 0.5
    assert [terms(row) for row in named(texts, [0, 0, 1, 1], importance).context] == [[], [" Duke"]]


def test_siblings_are_those_of_one_neuron():
    """Another neuron that fires on the same takes nothing away; an empty group has no name."""
    texts = [[NEW, YORK]] * 2 + [[DUKE, YORK]] * 2 + [[NEW, YORK]] * 4
    found = named(texts, [0, 0, 1, 1, 3, 3, 3, 3], owner=[0, 0, 1, 1, 1])
    alone = named(texts[:4], [0, 0, 1, 1])
    assert found.keys[:2].tolist() == alone.keys.tolist()
    assert found.context[:2].tolist() == alone.context.tolist()
    assert found.keys[2].tolist() == found.keys[4].tolist() == [-1, -1, -1]


def test_nothing_to_name():
    empty = names(np.zeros(0, int), np.zeros(0, int), np.zeros((0, 3), int), np.zeros((0, 1, 3)), WORDS)
    assert empty.keys.shape == (0, 3)
    assert empty.context.shape == (0, 2)


def test_words_are_what_a_reader_sees():
    assert len({WORDS[token] for token in (IMPORT, SPACED, CAPITAL)}) == 1
    assert len(set(WORDS)) == len(VOCAB) - 2


@pytest.mark.parametrize("layer", [0, 2])
def test_many_neurons_at_once_are_named_as_one_by_one(tiny_atlas, layer):
    atlas = Atlas.open(tiny_atlas)
    files, words, back = atlas.files[layer], word_classes(atlas.vocab), atlas.manifest.window.back
    columns = files.columns
    counts = atlas.neurons["n_features"][atlas.neurons["layer"] == layer]
    group = np.repeat(np.cumsum(counts) - counts, np.diff(files.offsets)) + columns["feature"]
    tokens = atlas.manifest.window.slice(atlas.tokens, atlas.lengths, columns["example"], columns["pos"], -1)[:, :back]
    at_once = names(group, np.repeat(np.arange(len(counts)), counts), tokens, columns["window_importances"], words)
    for neuron, (start, stop) in enumerate(zip(files.offsets, files.offsets[1:], strict=False)):
        rows, first = slice(start, stop), (np.cumsum(counts) - counts)[neuron]
        owner = np.zeros(counts[neuron], dtype=int)
        alone = names(columns["feature"][rows], owner, tokens[rows], columns["window_importances"][rows], words)
        assert at_once.keys[first : first + counts[neuron]].tolist() == alone.keys.tolist()
        assert at_once.context[first : first + counts[neuron]].tolist() == alone.context.tolist()
        assert (alone.keys[:, 0] >= 0).all()


@pytest.fixture(scope="module")
def several(tiny_atlas):
    """A neuron with features of 6, 5, 4 and 3 examples: its tree, tokens, importances and the words of the atlas."""
    atlas = Atlas.open(tiny_atlas)
    neuron = atlas.neuron(NeuronRef(0, 2))
    tokens = atlas.window_tokens(neuron, np.arange(len(neuron)))[:, : atlas.manifest.window.back]
    return neuron.tree, tokens, neuron.window_importances, word_classes(atlas.vocab)


@pytest.mark.parametrize("distance", [0.0, 0.003, 0.5, 2.0])
def test_nodes_are_named_as_features_of_the_cut_that_makes_them(several, distance):
    tree, *told = several
    features = cut(tree, distance)
    at_cut = names(features, np.zeros(features.max() + 1, dtype=int), *told)
    nodes, top = node_names(tree, *told), tops(tree, features, distance)
    assert nodes.keys[top].tolist() == at_cut.keys.tolist()
    assert nodes.context[top].tolist() == at_cut.context.tolist()


def test_of_a_large_tree_the_longest_lived_branches_are_named(several, monkeypatch):
    tree, *told = several
    every, n = node_names(tree, *told), len(tree) + 1
    monkeypatch.setattr(naming, "MOST_MEMBERS", 2 * n)
    kept = n + longest_lived(tree, 2 * n)
    found = node_names(tree, *told)
    named = found.keys[n:, 0] >= 0
    assert np.flatnonzero(named).tolist() == (kept - n).tolist()
    assert 0 < len(kept) < len(tree)
    assert tree[named, 3].sum() <= 2 * n
    assert found.keys[kept].tolist() == every.keys[kept].tolist()
    assert found.keys[:n].tolist() == every.keys[:n].tolist()


def test_a_name_does_not_depend_on_how_the_others_are_cut(several):
    tree, *told = several
    features = cut(tree, 0.5)
    apart = names(features, np.zeros(4, dtype=int), *told)
    together = names((features > 0).astype(int), np.zeros(2, dtype=int), *told)
    assert together.keys[0].tolist() == apart.keys[0].tolist()
    assert together.context[0].tolist() == apart.context[0].tolist()


def test_the_one_node_of_one_example(several):
    _, tokens, importance, words = several
    found = node_names(np.zeros((0, 4), dtype=np.float32), tokens[:1], importance[:1], words)
    assert found.keys.tolist() == [[tokens[0, -1], -1, -1]]
