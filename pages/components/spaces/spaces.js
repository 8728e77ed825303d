/* data = {key, selected, address, colours, clusters, names, texts: [before, key, after], images or null, sides: [{title,
   tree: {order, x, h, of, group, cut, top, ticks}, places: [[x, y]], axes: [{low, high, ticks, title}]}]}; rows are
   examples, nodes are numbered as in scipy's linkage. An example under the pointer is highlighted in all four figures. */
const TREE = { high: 210, left: 46, right: 34, top: 12, bottom: 22 }, PLANE = { high: 300, left: 46, right: 14, top: 12, bottom: 40 };
const MOST_NAMED = 8;   // clusters with a number in the plane: those with a separate colour

export default function (component) {
  const { data, parentElement } = unpacked(component);
  const [sides, tip, live] = ['sides', 'tip', 'live'].map((id) => parentElement.querySelector('#' + id));
  if (sides.drawnKey !== data.key) {
    Object.assign(sides, { drawnKey: data.key, row: null, width: sides.clientWidth });
    tip.style.display = 'none';
    sides.replaceChildren(...data.sides.map((side, i) => sideOf(side, i, data)));
    fit(data, sides);
  }
  const highlight = (row) => sides.querySelectorAll('[data-row]').forEach((each) => each.classList.toggle('on', +each.dataset.row === row));
  const hide = () => { tip.style.display = 'none'; highlight(sides.row); };
  sides.querySelectorAll('[data-row]').forEach((each) => each.classList.toggle('selected', +each.dataset.row === data.selected));
  sides.observer?.disconnect();
  sides.observer = new ResizeObserver(() => { if (sides.clientWidth !== sides.width) { sides.width = sides.clientWidth; fit(data, sides); highlight(sides.row); } });
  sides.observer.observe(sides);
  sides.onpointerover = (event) => {
    const target = event.target.closest('[data-row]');
    if (!target) { hide(); return; }
    highlight(+target.dataset.row);
    exampleTip(data, +target.dataset.row, target, tip);
  };
  sides.onpointerleave = hide;
  sides.onclick = (event) => {
    const link = event.target.closest('a[data-row]');
    if (link) follow(event, link.getAttribute('href'));
  };
  sides.onkeydown = (event) => {
    const figure = event.target.closest('.figure');
    if (event.key === 'Escape') hide();
    if (!figure) return;
    if (event.key === 'Enter' && sides.row !== null) follow(event, exampleAddress(data, sides.row));
    const next = exampleAfter(event.key, data.sides[+figure.dataset.side].tree.order, sides.row);
    if (next === null) return;
    event.preventDefault();
    sides.row = next;
    highlight(next);
    live.textContent = exampleTip(data, next, figure.querySelector(`[data-row="${next}"]`), tip);
  };
}

function sideOf(side, i, data) {
  const section = element('section');
  const figure = (name, label) => {
    const box = element('div', `figure ${name}`);
    Object.assign(box.dataset, { side: i });
    const attributes = { role: 'group', tabindex: 0, 'aria-label': `${label}. Left and right arrows move between examples, Enter selects one.` };
    for (const [key, value] of Object.entries(attributes)) box.setAttribute(key, value);
    return box;
  };
  const n = data.clusters.length;
  section.append(element('h3', '', side.title), figure('tree', `Dendrogram, ${side.title}: ${n} examples`), figure('plane', `Plane, ${side.title}: ${n} examples`));
  return section;
}

/* Draw the figures in the width of their columns. */
function fit(data, sides) {
  for (const box of sides.querySelectorAll('.figure')) {
    const side = data.sides[+box.dataset.side], width = Math.max(220, box.clientWidth);
    box.replaceChildren(box.classList.contains('tree') ? treeOf(side.tree, width, data) : planeOf(side, width, data));
  }
  sides.querySelectorAll('[data-row]').forEach((each) => each.classList.toggle('selected', +each.dataset.row === data.selected));
}

const colourOf = (data, cluster) => data.colours[Math.min(cluster, data.colours.length - 1)];
const exampleAddress = (data, row) => `${data.address}&example=${row}`;

function exampleLink(data, row, ...marks) {
  const link = svgElement('a', { class: 'example', href: exampleAddress(data, row), tabindex: -1, 'data-row': row, 'data-cluster': data.clusters[row] });
  link.style.setProperty('--c', colourOf(data, data.clusters[row]));
  link.append(...marks);
  return link;
}

function treeOf(tree, width, data) {
  const n = tree.order.length, step = (width - TREE.left - TREE.right) / n, floor = TREE.high - TREE.bottom;
  const x = (leaf) => TREE.left + (leaf + 0.5) * step, y = (h) => TREE.top + (floor - TREE.top) * (1 - h / tree.top);
  const all = svgElement('svg', { width, height: TREE.high, 'aria-hidden': 'true' });
  for (const [value, text] of tree.ticks) {
    all.append(svgElement('line', { class: 'grid', x1: TREE.left, x2: width - TREE.right, y1: y(value), y2: y(value) }), svgElement('text', { class: 'left', x: TREE.left - 6, y: y(value) }, text));
  }
  all.append(svgElement('text', { class: 'title', transform: `translate(11 ${(TREE.top + floor) / 2}) rotate(-90)` }, 'cosine distance'));
  tree.of.forEach(([left, right], k) => {
    const h = y(tree.h[n + k]), cluster = tree.group[n + k];
    const branch = svgElement('path', { class: cluster < 0 ? 'branch mixed' : 'branch', d: `M${x(tree.x[left])} ${y(tree.h[left])}V${h}H${x(tree.x[right])}V${y(tree.h[right])}` });
    if (cluster >= 0) branch.style.setProperty('--c', colourOf(data, cluster));
    all.append(branch);
  });
  tree.order.forEach((row, i) => all.append(exampleLink(data, row,
    svgElement('rect', { class: 'hit', x: x(i) - step / 2, width: step, y: floor - 8, height: 24 }),
    svgElement('rect', { class: 'tick', x: x(i) - Math.min(step, 7) * 0.42, width: Math.min(step, 7) * 0.84, y: floor, height: 9 }))));
  if (tree.cut !== null) {
    all.append(svgElement('line', { class: 'cut', x1: TREE.left, x2: width - TREE.right, y1: y(tree.cut), y2: y(tree.cut) }),
      svgElement('text', { class: 'cut-label', x: width - TREE.right + 3, y: y(tree.cut) }, tree.cut.toFixed(2)));
  }
  return all;
}

/* Both axes have the same scale, so that distances on the screen are comparable. */
function planeOf({ places, axes: [across, up] }, width, data) {
  const [w, h] = [width - PLANE.left - PLANE.right, PLANE.high - PLANE.top - PLANE.bottom];
  const spans = [across.high - across.low, up.high - up.low], scale = 0.9 * Math.min(w / (spans[0] || 1e-9), h / (spans[1] || 1e-9), 1e6);
  const x = (value) => PLANE.left + w / 2 + scale * (value - (across.low + across.high) / 2);
  const y = (value) => PLANE.top + h / 2 - scale * (value - (up.low + up.high) / 2);
  const all = svgElement('svg', { width, height: PLANE.high, 'aria-hidden': 'true' }), floor = PLANE.high - PLANE.bottom;
  for (const [value, text] of across.ticks) all.append(svgElement('line', { class: 'grid', x1: x(value), x2: x(value), y1: PLANE.top, y2: floor }), svgElement('text', { class: 'below', x: x(value), y: floor + 14 }, text));
  for (const [value, text] of up.ticks) all.append(svgElement('line', { class: 'grid', x1: PLANE.left, x2: width - PLANE.right, y1: y(value), y2: y(value) }), svgElement('text', { class: 'left', x: PLANE.left - 6, y: y(value) }, text));
  all.append(svgElement('text', { class: 'title', x: PLANE.left + w / 2, y: PLANE.high - 6 }, across.title),
    svgElement('text', { class: 'title', transform: `translate(11 ${PLANE.top + h / 2}) rotate(-90)` }, up.title));
  places.forEach(([px, py], row) => all.append(exampleLink(data, row,
    svgElement('circle', { class: 'ring', cx: x(px), cy: y(py), r: 8 }), svgElement('circle', { class: 'point', cx: x(px), cy: y(py), r: places.length > 300 ? 2.6 : 4 }))));
  all.append(...clusterNumbers(places, data, x, y));
  return all;
}

/* The number of each cluster of two or more examples, at its mean. */
function clusterNumbers(places, data, x, y) {
  return [...Array(Math.min(MOST_NAMED, data.names.length)).keys()].flatMap((cluster) => {
    const inside = places.filter((_, row) => data.clusters[row] === cluster);
    if (inside.length < 2) return [];
    const middle = [0, 1].map((axis) => inside.reduce((sum, place) => sum + place[axis], 0) / inside.length);
    const number = svgElement('text', { class: 'number', x: x(middle[0]), y: y(middle[1]) - 12 }, String(cluster));
    number.style.setProperty('--c', colourOf(data, cluster));
    return [number];
  });
}

function exampleTip(data, row, anchor, tip) {
  const cluster = data.clusters[row], [before, key, after] = data.texts[row];
  const head = `Example ${row}, cluster ${cluster}, ${data.names[cluster]}`;
  if (data.images) {
    showTip(tip, anchor, element('span', 'of', head), imageOf({ image: data.images[row] }));
    return `${head}: ${data.images[row].words}`;
  }
  const bold = element('b');
  bold.append(element('bdi', '', key));
  showTip(tip, anchor, element('span', 'of', head), element('bdi', '', before), bold, element('bdi', '', after));
  return `${head}: ${before}${key}${after}, key token ${key}`;
}

/* The example after a key, in the order of the leaves of one side's tree. */
function exampleAfter(key, order, row) {
  const i = order.indexOf(row), last = order.length - 1;
  const to = { ArrowRight: i + 1, ArrowLeft: i < 0 ? 0 : i - 1, Home: 0, End: last }[key];
  return to === undefined ? null : order[Math.max(0, Math.min(last, to))];
}
