/* data = {key, label, cut, top, leaves: [{f, c, href, text: [before, key, after]}] from the left,
   branches: [{x: [left, right], y: [left, right, own], f, c}], current} ; x counts leaves, y is a cosine distance */
const SVG = 'http://www.w3.org/2000/svg';
const HEIGHT = 250, LEFT = 46, RIGHT = 8, TOP = 14, BOTTOM = 34;

export default function (component) {
  const { data, parentElement } = component;
  const plot = parentElement.querySelector('#plot'), tip = parentElement.querySelector('#tip');
  const live = parentElement.querySelector('#live');
  const state = (plot.state ??= { at: -1 });
  if (state.key !== data.key) state.at = -1;
  const changed = state.key !== data.key || state.current !== data.current;
  Object.assign(state, { key: data.key, current: data.current });
  const mark = () => plot.querySelectorAll('.leaf').forEach((leaf, i) => leaf.classList.toggle('on', i === state.at));
  const redraw = () => { tip.style.display = 'none'; drawTree(data, plot); mark(); };
  if (changed || !plot.firstChild) redraw();
  state.observer?.disconnect();
  state.observer = new ResizeObserver(() => { if (plot.clientWidth !== state.width) { state.width = plot.clientWidth; redraw(); } });
  state.observer.observe(plot);
  const say = (i) => leafTip(data.leaves[i], plot.querySelectorAll('.leaf')[i], tip);
  plot.onpointerover = (event) => {
    const leaf = event.target.closest('.leaf');
    if (leaf) say(+leaf.dataset.leaf); else tip.style.display = 'none';
  };
  plot.onpointerleave = plot.onblur = () => { tip.style.display = 'none'; };
  plot.onclick = (event) => {
    const leaf = event.target.closest('.leaf');
    if (leaf) follow(event, data.leaves[leaf.dataset.leaf].href);
  };
  plot.onkeydown = (event) => {
    if (event.key === 'Escape') tip.style.display = 'none';
    if (event.key === 'Enter' && state.at >= 0) follow(event, data.leaves[state.at].href);
    const next = leafAfter(event.key, state.at, data.leaves);
    if (next === null) return;
    event.preventDefault();
    state.at = next;
    mark();
    live.textContent = say(next);
  };
}

/* Left and right go leaf by leaf, up and down feature by feature. */
function leafAfter(key, at, leaves) {
  const last = leaves.length - 1;
  if (key === 'ArrowRight') return Math.min(last, at + 1);
  if (key === 'ArrowLeft') return Math.max(0, at - 1);
  if (key === 'Home') return 0;
  if (key === 'End') return last;
  if (key !== 'ArrowDown' && key !== 'ArrowUp') return null;
  const by = key === 'ArrowDown' ? 1 : -1;
  let i = Math.max(0, at);
  while (i + by >= 0 && i + by <= last && leaves[i + by].f === leaves[i].f) i += by;
  return Math.max(0, Math.min(last, i + by));
}

function leafTip(leaf, at, tip) {
  const [before, key, after] = leaf.text.map((text) => element('bdi', '', text));
  const bold = element('b');
  bold.append(key);
  showTip(tip, at.querySelector('.hit'), element('span', 'of', `Feature ${leaf.f}`), before, bold, after);
  return `Feature ${leaf.f}: ${leaf.text.join('')}, key token ${leaf.text[1]}`;
}

function make(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function drawTree(data, plot) {
  const width = Math.max(220, plot.clientWidth), n = data.leaves.length;
  const step = (width - LEFT - RIGHT) / n;
  const x = (leaf) => LEFT + (leaf + 0.5) * step;
  const y = (distance) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - distance / data.top);
  const svg = make('svg', { height: HEIGHT, 'aria-hidden': 'true' });
  svg.append(axis(data, width, y), ...data.branches.map((branch) => branchPath(branch, data, x, y)),
    ...data.leaves.map((leaf, i) => leafLink(leaf, i, step, x, y)), ...numbers(data, step, x, y), cutLine(data, width, y));
  plot.style.height = HEIGHT + 'px';
  plot.setAttribute('aria-label', data.label);
  plot.replaceChildren(svg);
}

function axis(data, width, y) {
  const group = make('g', { class: 'axis' });
  const gap = [0.02, 0.05, 0.1, 0.2, 0.25, 0.5].find((step) => data.top / step <= 6) ?? 0.5;
  for (let tick = 0; tick <= data.top + 1e-9; tick += gap) {
    group.append(make('line', { x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick) }));
    group.append(make('text', { x: LEFT - 6, y: y(tick) }, String(+tick.toFixed(2))));
  }
  const middle = y(data.top / 2);
  group.append(make('text', { class: 'title', transform: `translate(11 ${middle}) rotate(-90)` }, 'cosine distance'));
  return group;
}

function branchPath(branch, data, x, y) {
  const [left, right] = branch.x, [below, beside, own] = branch.y;
  const kind = branch.f < 0 ? 'above' : branch.f === data.current ? 'current' : 'other';
  const path = make('path', { class: `branch ${kind}`, d: `M${x(left)} ${y(below)}V${y(own)}H${x(right)}V${y(beside)}` });
  if (branch.c) path.style.setProperty('--c', branch.c);
  return path;
}

function leafLink(leaf, i, step, x, y) {
  const link = make('a', { class: 'leaf', href: leaf.href, tabindex: -1, 'data-leaf': i });
  link.style.setProperty('--c', leaf.c);
  link.append(make('rect', { class: 'hit', x: x(i) - step / 2, width: step, y: y(0) - 60, height: 72 }),
    make('rect', { class: 'mark', x: x(i) - Math.min(step, 6) * 0.4, width: Math.min(step, 6) * 0.8, y: y(0), height: 6 }));
  return link;
}

/* The number of every run of leaves, in a second row where the first is taken, left out where both are. */
function numbers(data, step, x, y) {
  const runs = [];
  data.leaves.forEach((leaf, i) => {
    const last = runs.at(-1);
    if (last && last.f === leaf.f) last.to = i; else runs.push({ f: leaf.f, c: leaf.c, from: i, to: i });
  });
  const end = [-Infinity, -Infinity], made = [];
  for (const run of runs) {
    const middle = (x(run.from) + x(run.to)) / 2, half = 4 + 3.5 * String(run.f).length;
    const row = end.findIndex((taken) => middle - half >= taken);
    if (row < 0) continue;
    end[row] = middle + half;
    const number = make('text', { class: run.f === data.current ? 'number current' : 'number', x: middle, y: y(0) + 18 + 12 * row }, String(run.f));
    number.style.setProperty('--c', run.c);
    made.push(number);
  }
  return made;
}

function cutLine(data, width, y) {
  const group = make('g', { class: 'cut' });
  group.append(make('line', { x1: LEFT, x2: width - RIGHT, y1: y(data.cut), y2: y(data.cut) }),
    make('text', { x: LEFT + 3, y: y(data.cut) - 5 }, `cut ${data.cut}`));
  return group;
}
