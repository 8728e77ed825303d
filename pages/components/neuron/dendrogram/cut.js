/* Features of a tree at a cut, as in ne_core/method/cluster.py. Nodes: leaves numbered from the left, then branch points
   from the lowest; tests/browser/test_dendrogram.py compares the numbers with those of ne_core. */

const heightOf = (data, node) => (node < data.leaves.length ? 0 : data.branches[node - data.leaves.length].h);

/* The feature of every node: largest first, ties by the first example; −1 for branch points above the cut.
   Heights are float32, and the cut is rounded to the same before they are compared. */
function featuresAt(data, cut) {
  const n = data.leaves.length, limit = Math.fround(cut), top = [...Array(2 * n - 1).keys()];
  for (let k = n - 2; k >= 0; k--) {
    if (data.branches[k].h > limit) continue;
    for (const child of data.branches[k].of) top[child] = top[n + k];
  }
  const number = new Map(largestFirst(data, top).map((node, feature) => [node, feature]));
  return top.map((node, i) => (heightOf(data, i) <= limit ? number.get(node) : -1));
}

function largestFirst(data, top) {
  const clusters = new Map();
  data.leaves.forEach((leaf, i) => {
    const cluster = clusters.get(top[i]) ?? { size: 0, first: Infinity };
    clusters.set(top[i], { size: cluster.size + 1, first: Math.min(cluster.first, leaf.row) });
  });
  const order = [...clusters.entries()].sort(([, a], [, b]) => b.size - a.size || a.first - b.first);
  return order.map(([node]) => node);
}

/* The node above all examples of a feature: the highest of its nodes, which is the last. */
const topOf = (features, feature) => features.lastIndexOf(feature);

/* The same for every feature. */
function topsOf(features) {
  const tops = [];
  features.forEach((feature, node) => { if (feature >= 0) tops[feature] = node; });
  return tops;
}

const count = (features) => 1 + Math.max(...features);

/* The first and last leaf below every node. */
function spans(data) {
  const all = data.leaves.map((_, i) => [i, i]);
  for (const branch of data.branches) all.push([all[branch.of[0]][0], all[branch.of[1]][1]]);
  return all;
}

/* The feature of `after` with most examples of a feature of `before`; the larger one of several. */
function featureWithMost(before, after, feature, n) {
  const shares = Array(count(after)).fill(0);
  for (let i = 0; i < n; i++) if (before[i] === feature) shares[after[i]] += 1;
  return shares.indexOf(Math.max(...shares));
}

/* Parameters in the order of the server, which compares addresses as text. */
function addressOf(data, { feature, cut, branch }) {
  const part = (name, value, needed) => (needed ? `&${name}=${value}` : '');
  return data.address + part('feature', feature, feature !== null) + data.query +
    part('cut', cut, cut !== data.default_cut) + part('branch', branch, branch !== null);
}

/* The same view at another cut. A requested feature is replaced by the one with most of its examples; `from` is the
   {cut, current, requested} at the start of the movement. */
function addressAtCut(data, cut, from = data) {
  const n = data.leaves.length;
  const feature = from.requested ? featureWithMost(featuresAt(data, from.cut), featuresAt(data, cut), from.current, n) : null;
  return addressOf(data, { feature, cut, branch: data.branch });
}
