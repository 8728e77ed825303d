/* data = {key, pick: {pos, layer}, tokens, counted, layers, marks, active: a row of counts for each layer, most, units,
   share, expected: probability of each token or null, query: of the view without a pick} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const text = parentElement.querySelector('#text'), tip = parentElement.querySelector('#tip');
  if (text.drawnKey !== data.key) draw(data, text, parentElement.querySelector('#scale'));
  showPick(data, text);
  const describe = (target) => {
    const words = wordsOf(data, place(target));
    showTip(tip, target, words);
    return words;
  };
  text.onclick = (event) => {
    const target = event.target.closest('[data-pos]');
    if (target) visit(addressOf(data, place(target)));
  };
  text.onpointerover = (event) => {
    const target = event.target.closest('[data-pos]');
    if (target) describe(target); else tip.style.display = 'none';
  };
  text.onpointerleave = text.onblur = () => { tip.style.display = 'none'; };
  text.onkeydown = (event) => {
    if (event.key === 'Escape') { tip.style.display = 'none'; return; }
    const next = moved(event.key, text.position ?? { pos: data.pick.pos ?? -1, layer: data.pick.layer }, data);
    if (!next) return;
    event.preventDefault();
    if (event.key === 'Enter' || event.key === ' ') { visit(addressOf(data, next)); return; }
    text.position = next;
    const target = targetOf(text, next, data);
    text.querySelectorAll('.on').forEach((old) => old.classList.remove('on'));
    target.classList.add('on');
    target.scrollIntoView({ block: 'nearest' });
    parentElement.querySelector('#live').textContent = describe(target);
  };
}

function draw(data, text, scale) {
  text.drawnKey = data.key;
  text.position = null;
  text.setAttribute('aria-label', 'Tokens of the text. Arrow keys move between tokens and layers, Enter selects one.');
  text.style.setProperty('--layers', data.layers.length);
  text.replaceChildren(...data.tokens.map((token, pos) => column(data, token, pos)));
  scale.textContent = data.most
    ? `Each cell is a layer, the first at the bottom. The stronger its colour, the more ${data.units} fire there, up to ${data.most.toLocaleString('en')}: they reach ${data.share} % of their maximum.`
    : '';
}

function column(data, token, pos) {
  const made = element('span', 'column'), cells = element('span', 'cells'), word = element('bdi', 'word', token);
  made.classList.toggle('uncounted', !data.counted[pos]);
  word.dataset.pos = pos;
  for (let row = data.layers.length - 1; row >= 0; row--) {
    const cell = element('i', 'cell'), n = data.active[row][pos];
    cell.dataset.pos = pos;
    cell.dataset.row = row;
    if (n) cell.style.setProperty('--a', Math.sqrt(n / data.most).toFixed(3));
    cells.append(cell);
  }
  made.append(cells, word);
  return made;
}

const place = (target) => ({
  pos: +target.dataset.pos, layer: target.dataset.row === undefined ? null : +target.dataset.row,
});

/* `layer` is a row here; the address has the layer's number. Picking the picked cell again clears the pick. */
function addressOf(data, { pos, layer }) {
  const number = layer === null ? null : data.layers[layer];
  const same = data.pick.pos === pos && data.pick.layer === number;
  const pick = same ? {} : { pos, ...(number === null ? {} : { layer: number }) };
  return 'prompt?' + new URLSearchParams({ ...data.query, ...pick });
}

function showPick(data, text) {
  text.querySelectorAll('.picked').forEach((old) => old.classList.remove('picked'));
  const { pos, layer } = data.pick;
  if (layer !== null) {
    text.querySelectorAll(`[data-row="${data.layers.indexOf(layer)}"]`).forEach((cell) => {
      if (pos === null || +cell.dataset.pos === pos) cell.classList.add('picked');
    });
  }
  text.querySelector(`.word[data-pos="${pos}"]`)?.classList.add('picked');
}

function moved(key, { pos, layer }, data) {
  const last = data.tokens.length - 1, top = data.layers.length - 1;
  const within = (value, end) => Math.max(0, Math.min(end, value));
  return {
    ArrowRight: { pos: within(pos + 1, last), layer }, ArrowLeft: { pos: within(pos - 1, last), layer },
    ArrowUp: { pos: within(pos, last), layer: layer === null ? 0 : within(layer + 1, top) },
    ArrowDown: { pos: within(pos, last), layer: layer ? layer - 1 : null },
    Home: { pos: 0, layer }, End: { pos: last, layer },
    ...(pos >= 0 ? { Enter: { pos, layer }, ' ': { pos, layer } } : {}),
  }[key];
}

function targetOf(text, { pos, layer }) {
  const row = layer === null ? '.word' : `.cell[data-row="${layer}"]`;
  return text.querySelector(`${row}[data-pos="${pos}"]`);
}

function wordsOf(data, { pos, layer }) {
  const token = `“${data.tokens[pos]}”`;
  if (!data.counted[pos]) return `${token} · the first position and special tokens are not read, as in the atlas`;
  const expected = data.expected[pos], share = expected === null ? '' : ` · probability ${percent(expected)}`;
  const rows = layer === null ? data.active : [data.active[layer]];
  const n = rows.reduce((sum, row) => sum + row[pos], 0);
  const where = layer === null ? '' : ` · layer ${data.marks[layer]}`;
  return `${token}${where} · ${n.toLocaleString('en')} ${data.units} at ${data.share} % or above${share}`;
}

const percent = (value) => value >= 0.0005 ? `${(100 * value).toPrecision(2)} %` : 'less than 0.05 %';
