/* What the map says, and how its colours are looked up. */
const nearEnough = (n) => Math.max(1, Math.sqrt(n) / 25);   // some hundred points in sight

/* Pixels across: many points are small, and grow slowly as one comes nearer. */
function pointSize(n, view) {
  const sparse = Math.max(2, Math.min(9, 500 / Math.sqrt(n))) * Math.min(1, 0.4 + view.width / 1400);
  return Math.min(Math.max(9, sparse), sparse * view.zoom ** 0.45);
}

/* Red, green and blue of any colour that CSS knows, 0 to 255; `probe` is an element that nobody sees. */
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
    item.hidden = !name;   // of a class that has no features
    return item;
  }));
}

function tipWords(told, causal) {
  const head = element('span', 'of', told.meta ? `${told.name} · ${told.meta}` : told.name);
  if (!told.label) return [head];
  const text = element('span', 'text');
  text.append(lineElements(told.line, { maximum: told.maximum, causal }));
  const why = told.why ? [element('span', 'of', told.why)] : [];   // of a point that a search lit
  return [head, label(told.label, told.has_others, told.context), text, ...why];
}

function toldWords(told) {
  const why = told.why ? ` ${told.why}.` : '';
  return `${told.name}: ${told.text}, ${told.meta}.${why} ${told.line.image?.words ?? told.line.t.join('')}`;
}

function mapWords(data) {
  const coloured = data.legend.title.toLowerCase();
  return `Map of features, coloured by ${coloured}. Arrow keys go to the nearest ${data.lit ? 'hit' : 'point'} that way, ` +
    'Enter opens it, Shift and arrows move the map, plus and minus magnify, zero shows the whole map.';
}

/* Where one looks goes into the address in place of what was there: a wheel's step is no step back. */
function writePlace(view) {
  const address = new URL(location.href), whole = view.zoom === 1 && view.x === 0.5 && view.y === 0.5;
  if (!address.pathname.endsWith('/map')) return;
  for (const [name, digits] of [['x', 4], ['y', 4], ['zoom', 2]]) {
    if (whole) address.searchParams.delete(name); else address.searchParams.set(name, +view[name].toFixed(digits));
  }
  if (address.href !== location.href) globalThis.neHistory?.replace(address.pathname + address.search);
}

function withoutWebGL(root, stage) {
  const said = root.querySelector('#without');
  said.textContent = 'The map is drawn with WebGL, which this browser does not offer. The list below works without it.';
  said.hidden = false;
  stage.hidden = true;
}
