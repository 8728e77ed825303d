/* data = {key, layers, unlike: layers not comparable with the start's, least,
   nodes: [{layer, ref, label, has_others, size, cosine or null for the start, href, root or null, turns, links}] by layer,
   links: [[from, to, cosine]]} */
const WIDE = 168, EMPTY = 62, GAP = 46;   // pixels: a layer with features, one without, the gap between two

export default function (component) {
  const { data, parentElement } = unpacked(component);
  const stage = parentElement.querySelector('#stage');
  stage.onclick = (event) => {
    const link = event.target.closest('a');
    if (link) follow(event, link.href);
  };
  if (stage.drawnKey !== data.key) {
    stage.drawnKey = data.key;
    draw(data, stage);
  }
  const mark = (event) => highlight(data, stage, event.target.closest('li')?.dataset.node);
  const unmark = () => highlight(data, stage, undefined);
  stage.onpointerover = mark;
  stage.onpointerleave = unmark;
  stage.querySelectorAll('a').forEach((link) => { link.onfocus = mark; link.onblur = unmark; });
  stage.onkeydown = (event) => step(event, data, stage);
  stage.observer?.disconnect();
  stage.observer = new ResizeObserver(() => lines(data, stage));
  stage.observer.observe(stage);
}

function draw(data, stage) {
  stage.style.gridTemplateColumns = data.layers
    .map((layer) => (data.nodes.some((node) => node.layer === layer) ? `minmax(${WIDE}px, 1fr)` : `${EMPTY}px`)).join(' ');
  stage.style.columnGap = GAP + 'px';
  stage.replaceChildren(svgElement('svg', {}),
    ...data.layers.map((layer) => element('h3', 'head', `Layer ${layer}`)), ...data.layers.map((layer) => column(data, layer)));
  stage.firstChild.setAttribute('aria-hidden', 'true');
}

function column(data, layer) {
  const list = element('ul');
  list.setAttribute('aria-label', `Layer ${layer}`);
  data.nodes.forEach((node, i) => { if (node.layer === layer) list.append(item(node, i)); });
  return list.firstChild ? list : element('span', 'none', data.unlike.includes(layer) ? 'not comparable' : 'none');
}

function item(node, i) {
  const entry = element('li', node.cosine === null ? 'seed' : ''), link = element('a', 'node');
  entry.dataset.node = i;
  link.href = node.href;
  const name = element('span', 'name'), facts = element('span', 'facts');
  name.append(label(node.label, node.has_others, node.context));
  for (const turn of node.turns) facts.append(element('span', 'turn', turn), ' · ');
  facts.append(`${node.ref} · ${node.cosine === null ? 'the start' : plain(node.cosine)} · ${node.size} ex.`);
  link.title = name.textContent;
  link.append(name, facts, element('span', 'hidden', ` ${node.cosine === null ? '' : 'cosine to the start; '}${node.links}`));
  entry.append(link);
  if (node.root) {
    const root = element('a', 'root', '↦');
    root.href = node.root;
    root.title = 'Trail from here';
    root.setAttribute('aria-label', `Trail from ${node.ref}`);
    entry.append(root);
  }
  return entry;
}

/* Draw a line from the right edge of a node to the left edge of another, darker for a higher cosine. */
function lines(data, stage) {
  const svg = stage.querySelector('svg'), box = stage.getBoundingClientRect();
  const boxes = [...stage.querySelectorAll('li')].map((each) => each.getBoundingClientRect());
  svg.replaceChildren(...data.links.map(([from, to, cosine]) => {
    const path = svgElement('path', {}), a = boxes[from], b = boxes[to];
    const [x1, x2] = [a.right - box.left, b.left - box.left], middle = (x1 + x2) / 2;
    const [y1, y2] = [a.top + a.height / 2 - box.top, b.top + b.height / 2 - box.top];
    path.setAttribute('d', `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`);
    path.style.opacity = (0.16 + 0.6 * share(cosine - data.least, 1 - data.least)).toFixed(2);
    return path;
  }));
}

/* Highlight a node, its lines and the nodes at their other ends. */
function highlight(data, stage, node) {
  const nodes = new Set(node === undefined ? [] : [+node]);
  data.links.forEach(([from, to], i) => {
    const isLinked = node !== undefined && (from === +node || to === +node);
    stage.querySelectorAll('path')[i]?.classList.toggle('on', isLinked);
    if (isLinked) nodes.add(from).add(to);
  });
  stage.classList.toggle('some', nodes.size > 0);
  stage.querySelectorAll('li').forEach((each) => each.classList.toggle('on', nodes.has(+each.dataset.node)));
}

/* Move the focus: up and down within a layer, left and right to the most similar node of the adjacent one. */
function step(event, data, stage) {
  const entry = event.target.closest('li');
  if (!entry || !event.key.startsWith('Arrow')) return;
  const i = +entry.dataset.node, layers = [...new Set(data.nodes.map((node) => node.layer))];
  const inLayer = (layer) => data.nodes.flatMap((node, k) => (node.layer === layer ? [k] : []));
  const siblings = inLayer(data.nodes[i].layer), by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const side = layers[layers.indexOf(data.nodes[i].layer) + (event.key === 'ArrowRight' ? 1 : -1)];
  const next = by ? siblings[siblings.indexOf(i) + by] : side === undefined ? undefined : linked(data, i, inLayer(side));
  event.preventDefault();
  if (next !== undefined) stage.querySelector(`li[data-node="${next}"] a`).focus();
}

/* Return the linked node with the highest cosine, or the first node if none is linked. */
function linked(data, i, candidates) {
  const cosine = (k) => data.links.find(([a, b]) => (a === i && b === k) || (a === k && b === i))?.[2] ?? -1;
  return candidates.reduce((best, k) => (cosine(k) > cosine(best) ? k : best));
}
