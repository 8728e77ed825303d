/* data = {key, label, narrow, shown, causal, rows: [{href, number, colour, name, label, context, more, meta, share,
   maximum, line, centres: images or nothing, why, also: [[text, address]], current}]} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const list = parentElement.querySelector('ul'), tip = parentElement.querySelector('#tip');
  const more = parentElement.querySelector('#more');
  list.onclick = (event) => {
    const link = event.target.closest('a');
    if (link) follow(event, link.href);
  };
  list.onkeydown = (event) => {
    if (event.key === 'Escape') tip.style.display = 'none';
    step(event, list);
  };
  list.onpointerover = (event) => {
    const token = event.target.closest('.token, .picture');
    if (!token) { tip.style.display = 'none'; return; }
    const row = data.rows[token.closest('a').dataset.row];
    if (!row.line) return;                 // images by the row have words of their own
    showTip(tip, token, tokenWords(row.line, +token.dataset.i, { causal: data.causal }));
  };
  list.onpointerleave = () => { tip.style.display = 'none'; };
  if (list.drawnKey !== data.key) {
    tip.style.display = 'none';            // what it pointed at is gone
    draw(data, list, more);
  }
  data.rows.forEach((row, i) => {            // a row is opened without drawing the list anew
    const item = list.children[i];
    if (!item) return;
    if (row.current) item.setAttribute('aria-current', 'true'); else item.removeAttribute('aria-current');
    if (row.current) item.hidden = false;
  });
}

function draw(data, list, more) {
  list.drawnKey = data.key;
  list.setAttribute('aria-label', data.label);
  list.parentElement.classList.toggle('narrow', data.narrow);
  list.replaceChildren(...data.rows.map((row, i) => item(row, i, data)));
  const hide = data.rows.length > data.shown + 2;
  [...list.children].forEach((child, i) => { child.hidden = hide && i >= data.shown; });
  more.hidden = !hide;
  more.textContent = `Show all ${data.rows.length}`;
  more.onclick = () => {
    const first = list.children[data.shown];
    [...list.children].forEach((child) => { child.hidden = false; });
    more.hidden = true;
    first.querySelector('a').focus();
  };
}

function item(row, i, data) {
  const made = element('li'), link = element('a');
  link.href = row.href;
  link.dataset.row = i;
  if (row.colour) made.style.setProperty('--c', row.colour);
  if (row.number === null) link.className = 'plain'; else link.append(swatch(row.number, row.colour));
  const head = element('span', 'head');
  if (row.number !== null) head.append(element('span', 'hidden', 'Feature ' + row.number + ' '));
  if (row.name) head.append(element('span', 'name', row.name));
  head.append(label(row.label, row.more, row.context));
  const meta = element('span', 'meta', row.meta);
  if (row.share !== null) meta.append(bar(row.share));
  const parts = row.line ? [head, snippet(row.line, { maximum: row.maximum, causal: data.causal }), meta] : [head, meta];
  link.append(...parts);
  if (row.centres?.length) link.append(centresOf(row.centres));
  if (row.why) link.append(element('span', 'why', row.why));
  made.append(link);
  if (row.also?.length) made.append(further(row));
  return made;
}

/* Of a neuron: the images at the centres of its features. */
function centresOf(images) {
  const made = element('span', 'centres');
  made.append(...images.map((image) => imageOf({ image })));
  return made;
}

function further(row) {
  const made = element('span', row.also.length > 1 ? 'also several' : 'also');
  for (const [text, href] of row.also) {
    const link = element('a', '', text);
    link.href = href;
    link.append(element('span', 'hidden', ` ${row.name ?? ''} feature ${row.number}`));
    made.append(link);
  }
  return made;
}

function bar(part) {
  const made = element('span', 'bar'), fill = element('i');
  made.setAttribute('aria-hidden', 'true');
  made.style.setProperty('--share', part.toFixed(3));
  made.append(fill);
  return made;
}

function snippet(line, look) {
  if (line.image) return imageSnippet(line, look);
  const made = element('span', 'snippet'), before = element('span', 'before'), text = element('span');
  const rest = element('span', 'rest');
  text.append(tokenElements(line, 0, line.k, look));
  before.append(text);
  rest.append(tokenElements(line, line.k, line.t.length, look));
  made.append(before, rest, element('span', 'hidden', ' ' + lineWords(line)));
  return made;
}

function imageSnippet(line, look) {
  const made = element('span', 'snippet image');
  made.append(lineElements(line, look), element('span', 'hidden', ' ' + lineWords(line)));
  return made;
}

/* Up and down move between rows; links do the rest. */
function step(event, list) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = [...list.querySelectorAll('li:not([hidden]) > a')];
  const at = links.indexOf(list.getRootNode().activeElement);
  if (!by || at < 0) return;
  event.preventDefault();
  links[Math.max(0, Math.min(links.length - 1, at + by))].focus();
}
