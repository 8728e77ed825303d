/* Texts of the map, and its colours and point sizes. */
const nearEnough = (n) => Math.max(1, Math.sqrt(n) / 25);   // about a hundred points are visible

/* Diameter of a point in pixels: smaller for more points, and growing slowly with the zoom. */
function pointSize(n, view) {
  const sparse = Math.max(2, Math.min(9, 500 / Math.sqrt(n))) * Math.min(1, 0.4 + view.width / 1400);
  return Math.min(Math.max(9, sparse), sparse * view.zoom ** 0.45);
}

/* Red, green and blue, 0 to 255, of a CSS colour; `probe` is an invisible element. */
function resolved(probe, css) {
  probe.style.color = css;
  return getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
}

const paintOf = (probe) => ({
  page: resolved(probe, 'var(--st-background-color)'),
  grey: resolved(probe, 'light-dark(#a4a7ad, #565b64)'),
});

function drawLegend(box, { title, names, colours }) {
  box.replaceChildren(element('b', '', title), ...names.map((name, i) => {
    const item = element('span', 'item'), dot = element('i');
    dot.style.setProperty('--c', colours[i]);
    item.append(dot, name);
    item.hidden = !name;   // a class without features
    return item;
  }));
}

function tipWords(details, causal) {
  const head = element('span', 'of', details.meta ? `${details.name} · ${details.meta}` : details.name);
  if (!details.label) return [head];
  const text = element('span', 'text');
  text.append(lineElements(details.line, { maximum: details.maximum, causal }));
  const why = details.why ? [element('span', 'of', details.why)] : [];   // only of a search result
  return [head, label(details.label, details.has_others, details.context), text, ...why];
}

function spokenWords(details) {
  const why = details.why ? ` ${details.why}.` : '';
  return `${details.name}: ${details.text}, ${details.meta}.${why} ${details.line.image?.words ?? details.line.t.join('')}`;
}

function mapWords(data) {
  const coloured = data.legend.title.toLowerCase();
  return `Map of features, coloured by ${coloured}. Arrow keys go to the nearest ${data.lit ? 'result' : 'point'} in that direction, ` +
    'Enter opens it, Shift and arrow keys pan, plus and minus zoom, zero shows the whole map.';
}

/* Write the visible part into the address, replacing the history entry: Back does not undo a zoom. */
function writePlace(view) {
  const address = new URL(location.href), whole = view.zoom === 1 && view.x === 0.5 && view.y === 0.5;
  if (!address.pathname.endsWith('/map')) return;
  for (const [name, digits] of [['x', 4], ['y', 4], ['zoom', 2]]) {
    if (whole) address.searchParams.delete(name); else address.searchParams.set(name, +view[name].toFixed(digits));
  }
  if (address.href !== location.href) globalThis.neHistory?.replace(address.pathname + address.search);
}

function showNoWebGL(root, stage) {
  const message = root.querySelector('#no-webgl');
  message.textContent = 'This browser does not support WebGL, which the map needs. The list below works without it.';
  message.hidden = false;
  stage.hidden = true;
}
