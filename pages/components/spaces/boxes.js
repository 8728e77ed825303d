/* data = {key, label, colours, x: {title}, y: {low, high, title, ticks}, series: [name], groups: [{name, boxes: [{space,
   n, low, q1, median, q3, high, mark, words}]}]} */
const SVG = 'http://www.w3.org/2000/svg';
const HIGH = 290, LEFT = 52, RIGHT = 10, TOP = 12, BOTTOM = 40, WIDEST = 900, BOX = 26;

export default function (component) {
  const { data, parentElement } = unpacked(component);
  const [plot, tip, live, key] = ['plot', 'tip', 'live', 'key'].map((id) => parentElement.querySelector('#' + id));
  if (plot.drawnKey !== data.key) {
    Object.assign(plot, { drawnKey: data.key, at: -1 });
    tip.style.display = 'none';
    plot.setAttribute('aria-label', `${data.label} Left and right arrows move between boxes.`);
    key.replaceChildren(...data.series.map((name, i) => keyOf(name, data.colours[i])));
    drawBoxes(data, plot);
  }
  plot.observer?.disconnect();
  plot.observer = new ResizeObserver(() => { if (plot.clientWidth !== plot.width) drawBoxes(data, plot); });
  plot.observer.observe(plot);
  const every = data.groups.flatMap((group) => group.boxes.map((box) => ({ ...box, said: `${data.x.title} ${group.name}, ${box.words}` })));
  const say = (i) => {
    plot.querySelectorAll('.box').forEach((box) => box.classList.toggle('on', +box.dataset.i === i));
    showTip(tip, plot.querySelector(`[data-i="${i}"]`), every[i].said);
    return every[i].said;
  };
  plot.onpointerover = (event) => {
    const box = event.target.closest('.box');
    if (box) say(+box.dataset.i); else tip.style.display = 'none';
  };
  plot.onpointerleave = plot.onblur = () => { tip.style.display = 'none'; };
  plot.onkeydown = (event) => {
    if (event.key === 'Escape') tip.style.display = 'none';
    const to = { ArrowLeft: plot.at - 1, ArrowRight: plot.at + 1, Home: 0, End: every.length - 1 }[event.key];
    if (to === undefined || !every.length) return;
    event.preventDefault();
    plot.at = Math.max(0, Math.min(every.length - 1, to));
    live.textContent = say(plot.at);
  };
}

function drawn(tag, attributes, text) {
  const one = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
  if (text !== undefined) one.textContent = text;
  return one;
}

function drawBoxes(data, plot) {
  plot.width = plot.clientWidth;
  const width = Math.max(240, Math.min(WIDEST, plot.clientWidth)), { y } = data, n = data.series.length;
  const step = (width - LEFT - RIGHT) / data.groups.length;
  const at = {
    width,
    half: Math.min(BOX, (0.76 * step) / (n + 1)) / 2,
    x: (group, series) => LEFT + step * (group + (series + 1) / (n + 1)),
    y: (value) => TOP + (HIGH - TOP - BOTTOM) * (y.high - value) / (y.high - y.low || 1),
  };
  const svg = drawn('svg', { width, height: HIGH, 'aria-hidden': 'true' });
  svg.append(...levelsOf(data, at));
  let i = 0;
  data.groups.forEach((group, g) => {
    svg.append(drawn('text', { class: 'below', x: at.x(g, (n - 1) / 2), y: HIGH - BOTTOM + 15 }, group.name));
    for (const box of group.boxes) svg.append(boxOf(box, i++, g, data.series.indexOf(box.space), at, data.colours));
  });
  plot.replaceChildren(svg);
}

function levelsOf({ x, y }, at) {
  const lines = y.ticks.flatMap(([value, text]) => [
    drawn('line', { class: 'grid', x1: LEFT, x2: at.width - RIGHT, y1: at.y(value), y2: at.y(value) }),
    drawn('text', { class: 'left', x: LEFT - 6, y: at.y(value) }, text)]);
  return [...lines, drawn('text', { class: 'below title', x: (LEFT + at.width - RIGHT) / 2, y: HIGH - 6 }, x.title),
    drawn('text', { class: 'below title', transform: `translate(11 ${(TOP + HIGH - BOTTOM) / 2}) rotate(-90)` }, y.title)];
}

/* A box is met anywhere above or below it. */
function boxOf(box, i, group, series, at, colours) {
  const one = drawn('g', { class: 'box', 'data-i': i }), x = at.x(group, series), { half } = at;
  one.style.setProperty('--c', colours[series]);
  one.append(drawn('rect', { class: 'near', x: x - half - 1, width: 2 * half + 2, y: TOP, height: HIGH - TOP - BOTTOM }),
    drawn('line', { class: 'ends', x1: x, x2: x, y1: at.y(box.low), y2: at.y(box.high) }),
    drawn('rect', { class: 'half', x: x - half, width: 2 * half, y: at.y(box.q3), height: Math.max(0.5, at.y(box.q1) - at.y(box.q3)) }),
    drawn('line', { class: 'median', x1: x - half, x2: x + half, y1: at.y(box.median), y2: at.y(box.median) }));
  if (box.mark !== null) one.append(drawn('path', { class: 'mark', d: `M${x} ${at.y(box.mark) - 5}l5 5l-5 5l-5 -5z` }));
  return one;
}

function keyOf(name, colour) {
  const made = element('span'), mark = element('i');
  mark.style.setProperty('--c', colour);
  made.append(mark, name);
  return made;
}
