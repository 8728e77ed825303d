/* data = {key, label, x, y: {low, high, title, ticks: [[value, text]]}, runs: [{run, x, y, kind, single, selected, href,
   words}], fronts: [{kind, points: [[x, y]]}], identity: {x, y, words}} */
const HIGH = 330, BOX = { left: 58, right: 14, top: 12, bottom: 44 };

export default function (component) {
  const { data, parentElement } = unpacked(component);
  const [plot, tip, key] = ['plot', 'tip', 'key'].map((id) => parentElement.querySelector('#' + id));
  if (plot.drawnKey !== data.key) {
    const focused = plot.getRootNode().activeElement?.dataset?.run;
    plot.drawnKey = data.key;
    tip.style.display = 'none';
    draw(data, plot);
    key.replaceChildren(...keyOf(data));
    if (focused !== undefined) plot.querySelector(`a[data-run="${focused}"]`)?.focus();
  }
  plot.observer?.disconnect();
  plot.observer = new ResizeObserver(() => { if (plot.clientWidth !== plot.width) draw(data, plot); });
  plot.observer.observe(plot);
  const say = (event) => {
    const mark = event.target.closest('[data-words]');
    if (mark) showTip(tip, mark, mark.dataset.words); else tip.style.display = 'none';
  };
  plot.onpointerover = say;
  if (!plot.listensToFocus) plot.addEventListener('focusin', say);   // focusin has no property, so it is added once
  plot.listensToFocus = true;
  plot.onpointerleave = () => { tip.style.display = 'none'; };
  plot.onclick = (event) => {
    const link = event.target.closest('a');
    if (link) follow(event, link.dataset.href);
  };
  plot.onkeydown = (event) => step(event, data, plot, tip);
}

function draw(data, plot) {
  plot.width = plot.clientWidth;
  const width = Math.max(260, plot.clientWidth), { x, y } = data;
  const scale = {
    width,
    x: (value) => BOX.left + (width - BOX.left - BOX.right) * (value - x.low) / (x.high - x.low || 1),
    y: (value) => BOX.top + (HIGH - BOX.top - BOX.bottom) * (y.high - value) / (y.high - y.low || 1),
  };
  const all = svgElement('svg', { viewBox: `0 0 ${width} ${HIGH}`, height: HIGH, role: 'group', 'aria-label': data.label });
  const order = [...data.runs].sort((a, b) => (a.selected ? 1 : 0) - (b.selected ? 1 : 0));     // selected runs on top
  all.append(...frame(data, scale), ...data.fronts.map((front) => frontOf(front, scale)), identityOf(data.identity, scale),
    ...order.map((run) => markOf(run, scale)));
  plot.replaceChildren(all);
}

function frame({ x, y }, scale) {
  const right = scale.width - BOX.right, bottom = HIGH - BOX.bottom;
  const down = y.ticks.flatMap(([value, text]) => [
    svgElement('line', { class: 'grid', x1: BOX.left, x2: right, y1: scale.y(value), y2: scale.y(value) }),
    svgElement('text', { class: 'left', x: BOX.left - 7, y: scale.y(value) }, text)]);
  const across = x.ticks.map(([value, text]) => svgElement('text', { class: 'below', x: scale.x(value), y: bottom + 16 }, text));
  return [...down, ...across,
    svgElement('text', { class: 'below title', x: (BOX.left + right) / 2, y: HIGH - 8 }, x.title),
    svgElement('text', { class: 'below title', transform: `translate(12 ${(BOX.top + bottom) / 2}) rotate(-90)` }, y.title)];
}

function frontOf({ kind, points }, scale) {
  const d = points.map(([x, y], i) => `${i ? 'L' : 'M'}${scale.x(x).toFixed(1)} ${scale.y(y).toFixed(1)}`).join('');
  return svgElement('path', { class: `front ${kind}`, d });
}

function identityOf({ x, y, words }, scale) {
  const group = svgElement('g', { 'data-words': words });
  group.append(svgElement('rect', { class: 'identity', x: scale.x(x) - 5, y: scale.y(y) - 5, width: 10, height: 10 }),
    svgElement('rect', { class: 'near', x: scale.x(x) - 10, y: scale.y(y) - 10, width: 20, height: 20 }));
  return group;
}

/* A link that the browser can also open in a new tab. The Tab key stops at one of the links only. */
function markOf(run, scale) {
  const link = svgElement('a', { href: run.href, class: `${run.kind} ${run.single ? 'single' : ''} ${run.selected ?? ''}`, 'data-run': run.run,
    'data-href': run.href, 'data-words': run.words, tabindex: run.selected === 'run' ? 0 : -1, 'aria-label': run.words,
    'aria-current': run.selected === 'run' ? 'true' : null });
  const [x, y] = [scale.x(run.x), scale.y(run.y)];
  link.append(svgElement('circle', { class: 'near', cx: x, cy: y, r: 10 }), svgElement('circle', { class: 'ring', cx: x, cy: y, r: 9.5 }), shape(run.kind, x, y));
  return link;
}

function shape(kind, x, y) {
  return kind === 'ne' ? svgElement('path', { class: 'mark', d: `M${x} ${y - 6.2}l6.2 6.2l-6.2 6.2l-6.2 -6.2z` })
    : svgElement('circle', { class: 'mark', cx: x, cy: y, r: 4.8 });
}

/* Left and right arrows move along L0. */
function step(event, data, plot, tip) {
  const mark = event.target.closest('a[data-run]');
  if (event.key === 'Escape') tip.style.display = 'none';
  if (!mark) return;
  const order = [...data.runs].sort((a, b) => a.x - b.x || a.run - b.run), i = order.findIndex((run) => run.run === +mark.dataset.run);
  const to = { ArrowLeft: i - 1, ArrowRight: i + 1, Home: 0, End: order.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const next = order[Math.max(0, Math.min(order.length - 1, to))];
  plot.querySelector(`a[data-run="${next.run}"]`).focus();
}

function keyOf(data) {
  const entry = (kind, extra, text, drawn) => {
    const item = element('span', `${kind} ${extra}`), icon = svgElement('svg', { viewBox: '0 0 16 16', 'aria-hidden': 'true' });
    icon.append(drawn);
    item.append(icon, text);
    return item;
  };
  const lines = data.fronts.length ? ['; lines: Pareto front of each kind'] : [];
  const hasSingle = data.runs.some((run) => run.single);
  return [entry('standard', '', 'standard SAE', shape('standard', 8, 8)), entry('ne', '', `NE SAE${lines.join('')}`, shape('ne', 8, 8)),
    ...(hasSingle ? [entry('standard', 'single', 'hollow: the median latent reads about one input', shape('standard', 8, 8))] : []),
    entry('', '', 'single inputs', svgElement('rect', { class: 'identity', x: 3, y: 3, width: 10, height: 10 })),
    element('span', '', 'solid ring: this run; dashed ring: the run compared with it')];
}
