/* Draw the tree as SVG: x counts leaves from the left, y is the cosine distance. */
const HEIGHT = 270, LEFT = 46, RIGHT = 64, TOP = 14, BOTTOM = 34, LINE = 13;   // the right margin holds the names of the cuts
const yOf = (data, distance) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - distance / data.top);
const distanceAt = (data, y) => data.top * (1 - (y - TOP) / (HEIGHT - TOP - BOTTOM));

/* `view` = {cut, features, current}: while the line moves it differs from the page's `data`. */
function drawTree(data, plot, view) {
  const width = Math.max(220, plot.clientWidth), n = data.leaves.length;
  const step = (width - LEFT - RIGHT) / n;
  const shape = { n, width, step, x: (leaf) => LEFT + (leaf + 0.5) * step, y: (distance) => yOf(data, distance) };
  shape.nodeX = (node) => shape.x(node < n ? node : data.branches[node - n].x);
  const svg = svgElement('svg', { height: HEIGHT, 'aria-hidden': 'true' });
  svg.append(axis(data, shape), ...selectedBranch(data, shape), ...data.branches.map((_, k) => branchLink(data, k, view, shape)),
    ...data.leaves.map((_, i) => leafLink(data, i, view, shape)), ...numbers(data, view, shape), ...marks(data, shape));
  plot.style.height = HEIGHT + 'px';
  plot.replaceChildren(svg);
}

function axis(data, { width, y }) {
  const group = svgElement('g', { class: 'axis' });
  const gap = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5].find((step) => data.top / step <= 6) ?? 0.5;
  group.append(svgElement('rect', { class: 'ground', x: 0, y: 0, width: LEFT, height: y(0) }));
  for (let tick = 0; tick <= data.top + 1e-9; tick += gap) {
    group.append(svgElement('line', { x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick) }));
    group.append(svgElement('text', { x: LEFT - 6, y: y(tick) }, String(+tick.toFixed(2))));
  }
  const middle = y(data.top / 2);
  group.append(svgElement('text', { class: 'title', transform: `translate(11 ${middle}) rotate(-90)` }, 'cosine distance'));
  return group;
}

/* Lines at the default cut and the suggested one, named in the margin beside the tree; the links below have their numbers.
   Names of cuts that are near each other move apart. */
function marks(data, { width, y }) {
  const cuts = [[data.default_names[0], data.default_cut], ['suggested', data.suggested]].filter(([, cut]) => cut !== null);
  const ends = cuts.map(([, cut]) => y(cut)), places = apart(ends, LINE);
  return cuts.map(([name], i) => {
    const group = svgElement('g', { class: 'mark' });
    group.append(svgElement('line', { x1: LEFT, x2: width - RIGHT, y1: ends[i], y2: ends[i] }),
      svgElement('text', { x: width - RIGHT + 6, y: places[i] }, name));
    return group;
  });
}

/* One or two places, moved by the same amount so that they are at least `gap` apart. */
function apart(places, gap) {
  const [a, b] = places, missing = gap - Math.abs(a - b);
  if (!(missing > 0)) return places;
  const by = (a <= b ? -1 : 1) * missing / 2;
  return [a + by, b - by];
}

function selectedBranch(data, { n, step, x, y }) {
  if (data.branch === null) return [];
  const [from, to] = spans(data)[n + data.branch], top = y(data.branches[data.branch].h);
  return [svgElement('rect', { class: 'selected', x: x(from) - step / 2 - 1, width: (to - from + 1) * step + 2, y: top - 4, height: y(0) - top + 12, rx: 3 })];
}

/* Colours belong to nodes, not to numbers, so that a feature keeps its colour while the cut moves. */
const colourOf = (data, view, feature) => data.colours[data.colour_of[view.tops[feature]]];
const featureAddress = (data, view, feature) => addressOf(data, { feature, cut: view.cut, branch: null });

function branchLink(data, k, view, { n, y, nodeX }) {
  const { of: [left, right], h } = data.branches[k], feature = view.features[n + k];
  const kind = feature < 0 ? 'above' : feature === view.current ? 'current' : 'other';
  const d = `M${nodeX(left)} ${y(heightOf(data, left))}V${y(h)}H${nodeX(right)}V${y(heightOf(data, right))}`;
  const href = addressOf(data, { feature: data.requested ? data.current : null, cut: data.cut, branch: k });
  const link = svgElement('a', { class: 'node', href, tabindex: -1, 'data-node': n + k });
  if (feature >= 0) link.style.setProperty('--c', colourOf(data, view, feature));
  link.append(svgElement('path', { class: 'near', d }), svgElement('path', { class: `branch ${kind}`, d }));
  return link;
}

function leafLink(data, i, view, { step, x, y }) {
  const feature = view.features[i];
  const link = svgElement('a', { class: 'node leaf', href: featureAddress(data, view, feature), tabindex: -1, 'data-node': i, 'data-feature': feature });
  link.style.setProperty('--c', colourOf(data, view, feature));
  link.append(svgElement('rect', { class: 'hit', x: x(i) - step / 2, width: step, y: y(0) - 10, height: 22 }),
    svgElement('rect', { class: 'tick', x: x(i) - Math.min(step, 6) * 0.4, width: Math.min(step, 6) * 0.8, y: y(0), height: 6 }));
  return link;
}

/* The first key term of a feature if it fits beside the number, else an empty text. */
function nameWithin(data, view, feature, width) {
  const [[name]] = data.names[topOf(view.features, feature)];
  return 6.5 * name.length <= width ? name : '';
}

/* The number of every run of leaves: in the second row if the first is occupied, left out if both are. */
function numbers(data, view, { x, y }) {
  const runs = [], end = [-Infinity, -Infinity], texts = [];
  data.leaves.forEach((_, i) => {
    const last = runs.at(-1), feature = view.features[i];
    if (last?.feature === feature) last.to = i; else runs.push({ feature, from: i, to: i });
  });
  for (const { feature, from, to } of runs) {
    const middle = (x(from) + x(to)) / 2, half = 4 + 3.5 * String(feature).length;
    const row = end.findIndex((right) => middle - half >= right);
    if (row < 0) continue;
    const kind = feature === view.current ? 'number current' : 'number';
    const number = svgElement('text', { class: kind, x: middle, y: y(0) + 18 + 12 * row }, String(feature));
    const name = nameWithin(data, view, feature, x(to) - x(from) - 2 * half);
    if (name) number.append(svgElement('tspan', { class: 'name' }, ' ' + name));
    end[row] = name ? Math.max(middle + half, x(to)) : middle + half;
    number.style.setProperty('--c', colourOf(data, view, feature));
    texts.push(number);
  }
  return texts;
}
