"""Names of features: terms that distinguish a feature from its siblings, on examples that a reader can name."""

import numpy as np
import pytest

from ne_core.atlas import Atlas
from ne_core.method import naming
from ne_core.method.naming import Names, longest_lived, names, node_names, word_classes
from ne_core.method.trees.cluster import cut
from ne_core.method.trees.nodes import feature_nodes
from ne_core.refs import NeuronRef

VOCAB = [" York", " New", " Duke", " the", " of", "import", " import", " Import", " to", ".", " ate", " saw"]
YORK, NEW, DUKE, THE, OF, IMPORT, SPACED, CAPITAL, TO, DOT, ATE, SAW = range(len(VOCAB))
WORDS = word_classes(VOCAB)


def named(texts: list[list[int]], group: list[int], importance=None, owner=None) -> Names:
    """Name groups of texts; the last token of every text is its key token."""
    back = max(map(len, texts))
    tokens = np.array([[-1] * (back - len(text)) + text for text in texts])
    owner = np.zeros(max(group) + 1, dtype=int) if owner is None else np.array(owner)
    importance = np.full((len(texts), 1, back), np.nan) if importance is None else np.array(importance, dtype=float)
    return names(np.array(group), owner, tokens, importance, WORDS)


def terms(row: np.ndarray) -> list[str]:
    return [VOCAB[token] for token in row if token >= 0]


def test_names_are_key_tokens_that_siblings_lack():
    result = named([[YORK], [YORK], [DOT], [TO], [TO], [DOT]], [0, 0, 0, 1, 1, 1])
    assert [terms(row)[0] for row in result.keys] == [" York", " to"]


def test_exclusive_token_comes_before_a_shared_one():
    """“to” is the key token of two of four examples here and of all elsewhere, “York” of the other two here."""
    result = named([[TO], [TO], [YORK], [YORK], [TO], [TO]], [0, 0, 0, 0, 1, 1])
    assert terms(result.keys[0]) == [" York", " to"]


def test_shared_token_still_names_all_siblings():
    result = named([[YORK]] * 4, [0, 0, 1, 1])
    assert [terms(row) for row in result.keys] == [[" York"], [" York"]]
    assert [terms(row) for row in result.context] == [[], []]


def test_context_distinguishes_features_with_the_same_key_token():
    texts = [[THE, NEW, YORK]] * 3 + [[THE, DUKE, YORK]] * 2
    result = named(texts, [0, 0, 0, 1, 1])
    assert [terms(row) for row in result.keys] == [[" York"], [" York"]]
    assert [terms(row) for row in result.context] == [[" New"], [" Duke"]]  # both have “the”


def test_spellings_of_a_word_are_one_term():
    result = named([[IMPORT], [SPACED], [SPACED], [CAPITAL], [TO]], [0, 0, 0, 0, 1])
    assert [terms(row) for row in result.keys] == [[" import"], [" to"]]


def test_important_distant_word_beats_an_unimportant_near_one():
    texts = [[NEW, SAW, THE, YORK]] * 2 + [[DOT, TO, THE, YORK]] * 2
    importance = np.zeros((4, 1, 4))
    importance[:2, 0, 0] = 0.8
    result = named(texts, [0, 0, 1, 1], importance)
    assert terms(result.context[0]) == [" New"]
    assert terms(result.context[1]) == []


def test_measured_importance_counts_for_unmeasured_examples():
    texts = [[NEW, THE, TO, YORK]] * 3 + [[OF, THE, TO, YORK]] * 3
    importance = np.full((6, 1, 4), np.nan)
    importance[0, 0] = [0.9, 0, 0, 1]
    assert terms(named(texts, [0] * 3 + [1] * 3, importance).context[0]) == [" New"]
    importance[0, 0] = [0, 0, 0, 1]
    assert terms(named(texts, [0] * 3 + [1] * 3, importance).context[0]) == []


def test_negative_importance_gives_no_context_term():
    texts = [[NEW, YORK]] * 2 + [[DUKE, YORK]] * 2
    result = named(texts, [0, 0, 1, 1], [[[-0.9, 1]]] * 2 + [[[0.9, 1]]] * 2)
    assert [terms(row) for row in result.context] == [[], [" Duke"]]


def test_word_of_one_example_gives_no_context_term():
    texts = [[SAW, YORK], [ATE, YORK], [THE, TO], [THE, TO]]
    assert terms(named(texts, [0, 0, 1, 1]).context[0]) == []
    assert terms(named(texts[1:], [0, 1, 1]).context[0]) == [" ate"]  # a feature of one example is that example


def test_importance_is_averaged_over_baselines():
    texts = [[NEW, YORK]] * 2 + [[DUKE, YORK]] * 2
    importance = np.zeros((4, 2, 2))
    importance[:, 0, 0], importance[2:, 1, 0] = [0.1, 0.1, 0.1, 0.1], 0.5
    assert [terms(row) for row in named(texts, [0, 0, 1, 1], importance).context] == [[], [" Duke"]]


def test_siblings_are_features_of_the_same_neuron():
    """Another neuron that fires on the same tokens changes nothing; an empty group has no name."""
    texts = [[NEW, YORK]] * 2 + [[DUKE, YORK]] * 2 + [[NEW, YORK]] * 4
    result = named(texts, [0, 0, 1, 1, 3, 3, 3, 3], owner=[0, 0, 1, 1, 1])
    alone = named(texts[:4], [0, 0, 1, 1])
    assert result.keys[:2].tolist() == alone.keys.tolist()
    assert result.context[:2].tolist() == alone.context.tolist()
    assert result.keys[2].tolist() == result.keys[4].tolist() == [-1, -1, -1]


def test_no_groups():
    empty = names(np.zeros(0, int), np.zeros(0, int), np.zeros((0, 3), int), np.zeros((0, 1, 3)), WORDS)
    assert empty.keys.shape == (0, 3)
    assert empty.context.shape == (0, 2)


def test_word_classes_ignore_capitals_and_spaces():
    assert len({WORDS[token] for token in (IMPORT, SPACED, CAPITAL)}) == 1
    assert len(set(WORDS)) == len(VOCAB) - 2


@pytest.mark.parametrize("layer", [0, 2])
def test_naming_many_neurons_matches_naming_each(tiny_atlas, layer):
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
    """Tree, tokens, importances and words of a neuron with features of 6, 5, 4 and 3 examples."""
    atlas = Atlas.open(tiny_atlas)
    neuron = atlas.neuron(NeuronRef(0, 2))
    tokens = atlas.window_tokens(neuron, np.arange(len(neuron)))[:, : atlas.manifest.window.back]
    return neuron.tree, tokens, neuron.window_importances, word_classes(atlas.vocab)


@pytest.mark.parametrize("distance", [0.0, 0.003, 0.5, 2.0])
def test_node_names_match_feature_names_at_their_cut(several, distance):
    tree, *inputs = several
    features = cut(tree, distance)
    at_cut = names(features, np.zeros(features.max() + 1, dtype=int), *inputs)
    nodes, top = node_names(tree, *inputs), feature_nodes(tree, features, distance)
    assert nodes.keys[top].tolist() == at_cut.keys.tolist()
    assert nodes.context[top].tolist() == at_cut.context.tolist()


def test_large_tree_names_its_longest_lived_branches(several, monkeypatch):
    tree, *inputs = several
    every, n = node_names(tree, *inputs), len(tree) + 1
    monkeypatch.setattr(naming, "MOST_MEMBERS", 2 * n)
    selected = n + longest_lived(tree, 2 * n)
    result = node_names(tree, *inputs)
    named = result.keys[n:, 0] >= 0
    assert np.flatnonzero(named).tolist() == (selected - n).tolist()
    assert 0 < len(selected) < len(tree)
    assert tree[named, 3].sum() <= 2 * n
    assert result.keys[selected].tolist() == every.keys[selected].tolist()
    assert result.keys[:n].tolist() == every.keys[:n].tolist()


def test_name_does_not_depend_on_how_siblings_are_cut(several):
    tree, *inputs = several
    features = cut(tree, 0.5)
    apart = names(features, np.zeros(4, dtype=int), *inputs)
    together = names((features > 0).astype(int), np.zeros(2, dtype=int), *inputs)
    assert together.keys[0].tolist() == apart.keys[0].tolist()
    assert together.context[0].tolist() == apart.context[0].tolist()


def test_node_names_of_one_example(several):
    _, tokens, importance, words = several
    result = node_names(np.zeros((0, 4), dtype=np.float32), tokens[:1], importance[:1], words)
    assert result.keys.tolist() == [[tokens[0, -1], -1, -1]]
