/* data = {key, label, title, colour, x, y: {low, high, title, ticks: [[value, text]]}, marks: [[x, text]],
   height: pixels, bars: [{left, right, y, words, low, high, href: address or null}], line: {name, points: [[x, y]]} or null} */
const LEFT = 50, RIGHT = 10, TOP = 26, BOTTOM = 38, WIDEST = 620;

export default function (component) {
  const { data, parentElement } = unpacked(component);
  const [plot, tip, live, key] = ['plot', 'tip', 'live', 'key'].map((id) => parentElement.querySelector('#' + id));
  if (plot.drawnKey !== data.key) {
    Object.assign(plot, { drawnKey: data.key, position: -1 });
    tip.style.display = 'none';
    plot.setAttribute('aria-label', `${data.label} Left and right arrows move between bars${data.bars.some((bar) => bar.href) ? ', Enter opens one' : ''}.`);
    plot.style.minHeight = data.height + 'px';
    key.replaceChildren(...(data.line ? keyOf(data) : []));
    parentElement.querySelectorAll('#plot, #key').forEach((each) => each.style.setProperty('--c', data.colour ?? ''));
    draw(data, plot);
  }
  plot.observer?.disconnect();
  plot.observer = new ResizeObserver(() => { if (plot.clientWidth !== plot.width) draw(data, plot); });
  plot.observer.observe(plot);
  const say = (i) => {
    plot.querySelectorAll('.bar').forEach((bar) => bar.classList.toggle('on', +bar.dataset.i === i));
    showTip(tip, plot.querySelector(`[data-i="${i}"]`), data.bars[i].words);
    return data.bars[i].words;
  };
  plot.onpointerover = (event) => {
    const bar = event.target.closest('.bar');
    if (bar) say(+bar.dataset.i); else tip.style.display = 'none';
  };
  plot.onpointerleave = plot.onblur = () => { tip.style.display = 'none'; };
  plot.onclick = (event) => {
    const href = data.bars[event.target.closest('.bar')?.dataset.i]?.href;
    if (href) follow(event, href);
  };
  plot.onkeydown = (event) => {
    const here = data.bars[plot.position];
    if (event.key === 'Enter' && here?.href) follow(event, here.href);
    if (event.key === 'Escape') tip.style.display = 'none';
    const to = { ArrowLeft: plot.position - 1, ArrowRight: plot.position + 1, Home: 0, End: data.bars.length - 1 }[event.key];
    if (to === undefined || !data.bars.length) return;
    event.preventDefault();
    plot.position = Math.max(0, Math.min(data.bars.length - 1, to));
    live.textContent = say(plot.position);
  };
}

function draw(data, plot) {
  plot.width = plot.clientWidth;
  const width = Math.max(240, Math.min(WIDEST, plot.clientWidth)), { x, y } = data;
  const scale = {
    width,
    height: data.height,
    floor: data.height - BOTTOM,
    x: (value) => LEFT + (width - LEFT - RIGHT) * (value - x.low) / (x.high - x.low || 1),
    y: (value) => TOP + (data.height - TOP - BOTTOM) * (y.high - value) / (y.high - y.low || 1),
  };
  const svg = svgElement('svg', { width, height: data.height, 'aria-hidden': 'true' });
  svg.append(...axes(data, scale), ...data.bars.map((bar, i) => barOf(bar, i, scale)), ...lineOf(data.line, scale), ...marksOf(data.marks, scale));
  plot.replaceChildren(svg);
}

function axes({ x, y }, scale) {
  const middle = (LEFT + scale.width - RIGHT) / 2, zero = scale.y(0);
  const down = y.ticks.flatMap(([value, text]) => [
    svgElement('line', { class: 'grid', x1: LEFT, x2: scale.width - RIGHT, y1: scale.y(value), y2: scale.y(value) }),
    svgElement('text', { class: 'left', x: LEFT - 6, y: scale.y(value) }, text)]);
  const across = x.ticks.map(([value, text]) => svgElement('text', { class: 'below', x: scale.x(value), y: scale.floor + 13 }, text));
  return [...down, svgElement('line', { class: 'zero', x1: LEFT, x2: scale.width - RIGHT, y1: zero, y2: zero }), ...across,
    svgElement('text', { class: 'below title', x: middle, y: scale.height - 7 }, x.title),
    svgElement('text', { class: 'below title', transform: `translate(11 ${(TOP + scale.floor) / 2}) rotate(-90)` }, y.title)];
}

/* The area above and below a bar responds to the pointer too. */
function barOf(bar, i, scale) {
  const group = svgElement('g', { class: bar.href ? 'bar link' : 'bar', 'data-i': i }), left = scale.x(bar.left), width = Math.max(1, scale.x(bar.right) - left);
  const [top, bottom] = [scale.y(Math.max(0, bar.y)), scale.y(Math.min(0, bar.y))];
  group.append(svgElement('rect', { class: 'near', x: left, width, y: TOP, height: scale.floor - TOP }),
    svgElement('rect', { class: 'fill', x: left + width * 0.06, width: width * 0.88, y: top, height: Math.max(0, bottom - top) }));
  if (bar.low !== null) group.append(svgElement('line', { class: 'spread', x1: left + width / 2, x2: left + width / 2, y1: scale.y(bar.low), y2: scale.y(bar.high) }));
  return group;
}

function lineOf(line, scale) {
  if (!line) return [];
  const d = line.points.map(([x, y], i) => `${i ? 'L' : 'M'}${scale.x(x).toFixed(1)} ${scale.y(y).toFixed(1)}`).join('');
  return [svgElement('path', { class: 'line', d }), ...line.points.map(([x, y]) => svgElement('circle', { class: 'point', cx: scale.x(x), cy: scale.y(y), r: 2.4 }))];
}

/* The texts are above the plot, each on the side with more room. */
function marksOf(marks, scale) {
  return marks.flatMap(([value, text], i) => {
    const x = scale.x(value), left = x > scale.width * 0.5;
    return [svgElement('line', { class: 'mark', x1: x, x2: x, y1: TOP - 4 - 11 * (i % 2), y2: scale.floor }),
      svgElement('text', { class: 'name', x: x + (left ? -4 : 4), y: TOP - 6 - 11 * (i % 2) + 3, 'text-anchor': left ? 'end' : 'start' }, text)];
  });
}

function keyOf({ title, line }) {
  return [element('i', 'fill'), title, element('i', 'line'), line.name];
}
