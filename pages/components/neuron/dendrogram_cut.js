/* What a cut makes of a tree, as ne_core/method/cluster.py does. Nodes: leaves by their place from the left, then branch
   points from the lowest up; tests/browser/test_dendrogram.py holds this against the numbers of ne_core. */

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
  const found = new Map();
  data.leaves.forEach((leaf, i) => {
    const cluster = found.get(top[i]) ?? { size: 0, first: Infinity };
    found.set(top[i], { size: cluster.size + 1, first: Math.min(cluster.first, leaf.row) });
  });
  const order = [...found.entries()].sort(([, a], [, b]) => b.size - a.size || a.first - b.first);
  return order.map(([node]) => node);
}

/* The node that holds the whole of a feature: of its nodes the highest, which comes last. */
const topOf = (features, feature) => features.lastIndexOf(feature);

const count = (features) => 1 + Math.max(...features);

/* The first and last leaf below every node. */
function spans(data) {
  const all = data.leaves.map((_, i) => [i, i]);
  for (const branch of data.branches) all.push([all[branch.of[0]][0], all[branch.of[1]][1]]);
  return all;
}

/* The feature of `after` that holds most of a feature of `before`; of several the larger. */
function carried(before, after, feature, n) {
  const shares = Array(count(after)).fill(0);
  for (let i = 0; i < n; i++) if (before[i] === feature) shares[after[i]] += 1;
  return shares.indexOf(Math.max(...shares));
}

/* In the order that the server writes: it compares addresses as text. */
function addressOf(data, { feature, cut, branch }) {
  const part = (name, value, is) => (is ? `&${name}=${value}` : '');
  return data.address + part('feature', feature, feature !== null) + data.kept +
    part('cut', cut, cut !== data.usual) + part('branch', branch, branch !== null);
}

/* The same view at another cut: a feature that was asked for is followed to where most of it went, `from` being the
   {cut, current, asked} where the movement began. */
function addressAtCut(data, cut, from = data) {
  const n = data.leaves.length;
  const feature = from.asked ? carried(featuresAt(data, from.cut), featuresAt(data, cut), from.current, n) : null;
  return addressOf(data, { feature, cut, branch: data.branch });
}
