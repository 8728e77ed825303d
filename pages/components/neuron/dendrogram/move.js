/* Move the line of the cut by pointer and by key, and move over the tree by key. */
const AFTER_KEYS = 350;   // milliseconds without a key that end a movement

/* `show(cut)` draws the features at a cut, `commit()` ends the movement. The current feature is followed from the start
   of the movement, so a line that returns to its start shows the first feature again. */
function moveLine(data, line, plot, view, show, commit) {
  const step = data.top > 0.3 ? 0.01 : 0.001;
  const go = (cut) => show(+Math.max(0, Math.min(data.top, Math.round(cut / step) * step)).toFixed(3));
  const yIn = (event) => event.clientY - plot.getBoundingClientRect().top;
  const cutUnder = (event) => distanceAt(data, yIn(event) - view.grip);
  line.onpointerdown = (event) => {
    if (event.button) return;
    line.setPointerCapture(event.pointerId);
    view.grip = yIn(event) - yOf(data, view.cut);   // the pointer is beside the line's middle
    begin(data, view);
  };
  line.onpointermove = (event) => { if (line.hasPointerCapture(event.pointerId)) go(cutUnder(event)); };
  line.onpointerup = () => commit();
  line.onpointercancel = () => { show(view.from?.cut ?? data.cut); commit(); };
  line.onkeydown = (event) => {
    const target = lineKey(event.key, step, data, view.cut);
    if (target === null) return;
    event.preventDefault();
    begin(data, view);
    go(target);
    clearTimeout(view.timer);
    view.timer = setTimeout(() => {
      if (outOfDate(plot, view)) Object.assign(view, { moving: false, from: null }); else commit();
    }, AFTER_KEYS);
  };
  view.toAxis = (event) => { view.grip = 0; go(cutUnder(event)); commit(); };
}

function begin(data, view) {
  if (!view.moving) view.steps = stepsTaken();
  view.moving = true;
  view.from ??= { cut: data.cut, current: data.current, requested: data.requested, left: false };
}

/* True if the visitor has left the view since the movement began or since the page last followed it. */
const outOfDate = (plot, view) => !plot.isConnected || view.steps !== stepsTaken();

/* The cut after a key; null for keys that do not move it. */
function lineKey(key, step, data, cut) {
  const by = { ArrowUp: step, ArrowRight: step, ArrowDown: -step, ArrowLeft: -step, PageUp: 10 * step, PageDown: -10 * step }[key];
  if (by) return cut + by;
  return { Home: 0, End: data.top }[key] ?? null;
}

function placeLine(data, line, view) {
  const n = count(view.features);
  line.style.top = yOf(data, view.cut) + 'px';
  line.firstElementChild.textContent = `cut ${view.cut}`;
  const attributes = { valuenow: view.cut, valuemin: 0, valuemax: data.top, valuetext: `${view.cut}: ${n} feature${n === 1 ? '' : 's'}` };
  for (const [name, value] of Object.entries(attributes)) line.setAttribute('aria-' + name, value);
}

/* Left and right go leaf by leaf, up and down feature by feature, Page Up and Page Down along the branches. */
function nodeAfter(key, node, data, features) {
  const n = data.leaves.length, last = n - 1;
  if (key === 'PageUp') return node < 0 ? 2 * n - 2 : parentOf(data, node);
  if (key === 'PageDown') return node < n ? Math.max(0, node) : data.branches[node - n].of[0];
  const [from, to] = node < 0 ? [-1, -1] : spans(data)[node];
  if (key === 'ArrowRight') return Math.min(last, node < n ? node + 1 : to);
  if (key === 'ArrowLeft') return Math.max(0, node < n ? node - 1 : from);
  if (key === 'Home') return 0;
  if (key === 'End') return last;
  if (key !== 'ArrowDown' && key !== 'ArrowUp') return null;
  const by = key === 'ArrowDown' ? 1 : -1;
  let i = Math.max(0, by > 0 ? to : from);
  while (i + by >= 0 && i + by <= last && features[i + by] === features[i]) i += by;
  return Math.max(0, Math.min(last, i + by));
}

function parentOf(data, node) {
  const k = data.branches.findIndex((branch) => branch.of.includes(node));
  return k < 0 ? node : data.leaves.length + k;
}
