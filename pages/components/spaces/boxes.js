/* data = {key, label, colours, x: {title}, y: {low, high, title, ticks}, series: [name], groups: [{name, boxes: [{space,
   n, low, q1, median, q3, high, mark, words}]}]} */
const HIGH = 290, LEFT = 52, RIGHT = 10, TOP = 12, BOTTOM = 40, WIDEST = 900, BOX = 26;

export default function (component) {
  const { data, parentElement } = unpacked(component);
  const [plot, tip, live, key] = ['plot', 'tip', 'live', 'key'].map((id) => parentElement.querySelector('#' + id));
  if (plot.drawnKey !== data.key) {
    Object.assign(plot, { drawnKey: data.key, index: -1 });
    tip.style.display = 'none';
    plot.setAttribute('aria-label', `${data.label} Left and right arrows move between boxes.`);
    key.replaceChildren(...data.series.map((name, i) => keyOf(name, data.colours[i])));
    drawBoxes(data, plot);
  }
  plot.observer?.disconnect();
  plot.observer = new ResizeObserver(() => { if (plot.clientWidth !== plot.width) drawBoxes(data, plot); });
  plot.observer.observe(plot);
  const boxes = data.groups.flatMap((group) => group.boxes.map((box) => ({ ...box, label: `${data.x.title} ${group.name}, ${box.words}` })));
  const say = (i) => {
    plot.querySelectorAll('.box').forEach((box) => box.classList.toggle('on', +box.dataset.i === i));
    showTip(tip, plot.querySelector(`[data-i="${i}"]`), boxes[i].label);
    return boxes[i].label;
  };
  plot.onpointerover = (event) => {
    const box = event.target.closest('.box');
    if (box) say(+box.dataset.i); else tip.style.display = 'none';
  };
  plot.onpointerleave = plot.onblur = () => { tip.style.display = 'none'; };
  plot.onkeydown = (event) => {
    if (event.key === 'Escape') tip.style.display = 'none';
    const to = { ArrowLeft: plot.index - 1, ArrowRight: plot.index + 1, Home: 0, End: boxes.length - 1 }[event.key];
    if (to === undefined || !boxes.length) return;
    event.preventDefault();
    plot.index = Math.max(0, Math.min(boxes.length - 1, to));
    live.textContent = say(plot.index);
  };
}

function drawBoxes(data, plot) {
  plot.width = plot.clientWidth;
  const width = Math.max(240, Math.min(WIDEST, plot.clientWidth)), { y } = data, n = data.series.length;
  const step = (width - LEFT - RIGHT) / data.groups.length;
  const scale = {
    width,
    half: Math.min(BOX, (0.76 * step) / (n + 1)) / 2,
    x: (group, series) => LEFT + step * (group + (series + 1) / (n + 1)),
    y: (value) => TOP + (HIGH - TOP - BOTTOM) * (y.high - value) / (y.high - y.low || 1),
  };
  const svg = svgElement('svg', { width, height: HIGH, 'aria-hidden': 'true' });
  svg.append(...levelsOf(data, scale));
  let i = 0;
  data.groups.forEach((group, g) => {
    svg.append(svgElement('text', { class: 'below', x: scale.x(g, (n - 1) / 2), y: HIGH - BOTTOM + 15 }, group.name));
    for (const box of group.boxes) svg.append(boxOf(box, i++, g, data.series.indexOf(box.space), scale, data.colours));
  });
  plot.replaceChildren(svg);
}

function levelsOf({ x, y }, scale) {
  const lines = y.ticks.flatMap(([value, text]) => [
    svgElement('line', { class: 'grid', x1: LEFT, x2: scale.width - RIGHT, y1: scale.y(value), y2: scale.y(value) }),
    svgElement('text', { class: 'left', x: LEFT - 6, y: scale.y(value) }, text)]);
  return [...lines, svgElement('text', { class: 'below title', x: (LEFT + scale.width - RIGHT) / 2, y: HIGH - 6 }, x.title),
    svgElement('text', { class: 'below title', transform: `translate(11 ${(TOP + HIGH - BOTTOM) / 2}) rotate(-90)` }, y.title)];
}

/* The pointer reaches a box anywhere above or below it. */
function boxOf(box, i, group, series, scale, colours) {
  const node = svgElement('g', { class: 'box', 'data-i': i }), x = scale.x(group, series), { half } = scale;
  node.style.setProperty('--c', colours[series]);
  node.append(svgElement('rect', { class: 'near', x: x - half - 1, width: 2 * half + 2, y: TOP, height: HIGH - TOP - BOTTOM }),
    svgElement('line', { class: 'ends', x1: x, x2: x, y1: scale.y(box.low), y2: scale.y(box.high) }),
    svgElement('rect', { class: 'half', x: x - half, width: 2 * half, y: scale.y(box.q3), height: Math.max(0.5, scale.y(box.q1) - scale.y(box.q3)) }),
    svgElement('line', { class: 'median', x1: x - half, x2: x + half, y1: scale.y(box.median), y2: scale.y(box.median) }));
  if (box.mark !== null) node.append(svgElement('path', { class: 'mark', d: `M${x} ${scale.y(box.mark) - 5}l5 5l-5 5l-5 -5z` }));
  return node;
}

function keyOf(name, colour) {
  const item = element('span'), mark = element('i');
  mark.style.setProperty('--c', colour);
  item.append(mark, name);
  return item;
}
