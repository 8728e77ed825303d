/* data = {key, label, narrow, n_visible, causal, rows: [{href, number, colour, name, label, context, has_others, meta,
   share, maximum, line, source: optional [short, long], centres: optional images, why, also: [[text, address]], current,
   at: optional [example, pos] of its centre}], judged: {atlas, layer, neuron, embedding, cut} of the rows whose verdicts are shown, or null} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const list = parentElement.querySelector('ul'), tip = parentElement.querySelector('#tip');
  const moreButton = parentElement.querySelector('#more');
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
    if (!row.line) return;                 // images beside the row have descriptions of their own
    showTip(tip, token, tokenWords(row.line, +token.dataset.i, { causal: data.causal }));
  };
  list.onpointerleave = () => { tip.style.display = 'none'; };
  if (list.drawnKey !== data.key) {
    tip.style.display = 'none';            // its token is gone
    draw(data, list, moreButton);
  }
  data.rows.forEach((row, i) => {            // the current row is marked without redrawing the list
    const item = list.children[i];
    if (!item) return;
    if (row.current) item.setAttribute('aria-current', 'true'); else item.removeAttribute('aria-current');
    if (row.current) item.hidden = false;
  });
  if (data.judged) {
    drawJudgements(data, list);
    onItemsChange(list, () => drawJudgements(data, list));
  }
}

function draw(data, list, moreButton) {
  list.drawnKey = data.key;
  list.setAttribute('aria-label', data.label);
  list.parentElement.classList.toggle('narrow', data.narrow);
  list.replaceChildren(...data.rows.map((row, i) => item(row, i, data)));
  const hide = data.rows.length > data.n_visible + 2;
  [...list.children].forEach((child, i) => { child.hidden = hide && i >= data.n_visible; });
  moreButton.hidden = !hide;
  moreButton.textContent = `Show all ${data.rows.length}`;
  moreButton.onclick = () => {
    const first = list.children[data.n_visible];
    [...list.children].forEach((child) => { child.hidden = false; });
    moreButton.hidden = true;
    first.querySelector('a').focus();
  };
}

function item(row, i, data) {
  const listItem = element('li'), link = element('a');
  link.href = row.href;
  link.dataset.row = i;
  if (row.colour) listItem.style.setProperty('--c', row.colour);
  if (row.number === null) link.className = 'plain'; else link.append(swatch(row.number, row.colour));
  const head = element('span', 'head');
  if (row.number !== null) head.append(element('span', 'hidden', 'Feature ' + row.number + ' '));
  if (row.name) head.append(element('span', 'name', row.name));
  head.append(label(row.label, row.has_others, row.context));
  const meta = element('span', 'meta', row.meta);
  if (row.share !== null) meta.append(bar(row.share));
  const parts = row.line ? [head, snippet(row.line, { maximum: row.maximum, causal: data.causal }), meta] : [head, meta];
  link.append(...parts);
  if (row.centres?.length) link.append(centresOf(row.centres));
  if (row.why || row.source) link.append(reason(row));
  listItem.append(link);
  if (row.also?.length) listItem.append(furtherLinks(row));
  return listItem;
}

/* Why a row is in the list, and the source of its example. */
function reason({ why, source }) {
  const box = element('span', 'why', why);
  if (source) box.append(why ? ' · ' : '', sourceElement(source));
  return box;
}

/* Verdicts and own names of the visitor, from the bookmarks in this browser. Those of a feature that had another centre
   are not shown: the atlas has changed. */
function drawJudgements(data, list) {
  const { atlas, layer, neuron, embedding, cut } = data.judged;
  const items = readItems('bookmarks').items.filter((each) => each.atlas === atlas && each.layer === layer && each.neuron === neuron);
  const byKey = new Map(items.map((each) => [bookmarkKey(each), each]));
  data.rows.forEach((row, i) => {
    const link = list.children[i]?.querySelector('a');
    const item = byKey.get(bookmarkKey({ atlas, layer, neuron, embedding, cut, feature: row.number, branch: null }));
    const isOther = item?.at && row.at && String(item.at) !== String(row.at);
    const text = item && !isOther ? judgementWords(item) : '';
    link?.querySelector('.judged')?.remove();
    if (text) link.append(element('span', 'why judged', text));
  });
}

/* The images at the centres of a neuron's features. */
function centresOf(images) {
  const box = element('span', 'centres');
  box.append(...images.map((image) => imageOf({ image })));
  return box;
}

function furtherLinks(row) {
  const box = element('span', row.also.length > 1 ? 'also several' : 'also');
  for (const [text, href] of row.also) {
    const link = element('a', '', text);
    link.href = href;
    link.append(element('span', 'hidden', ` ${row.name ?? ''} feature ${row.number}`));
    box.append(link);
  }
  return box;
}

function bar(part) {
  const box = element('span', 'bar'), fill = element('i');
  box.setAttribute('aria-hidden', 'true');
  box.style.setProperty('--share', part.toFixed(3));
  box.append(fill);
  return box;
}

function snippet(line, look) {
  if (line.image) return imageSnippet(line, look);
  const box = element('span', 'snippet'), before = element('span', 'before'), text = element('span');
  const rest = element('span', 'rest');
  text.append(tokenElements(line, 0, line.k, look));
  before.append(text);
  rest.append(tokenElements(line, line.k, line.t.length, look));
  box.append(before, rest, element('span', 'hidden', ' ' + lineWords(line)));
  return box;
}

function imageSnippet(line, look) {
  const box = element('span', 'snippet image');
  box.append(lineElements(line, look), element('span', 'hidden', ' ' + lineWords(line)));
  return box;
}

/* Move between rows with the arrow keys Up and Down. */
function step(event, list) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = [...list.querySelectorAll('li:not([hidden]) > a')];
  const index = links.indexOf(list.getRootNode().activeElement);
  if (!by || index < 0) return;
  event.preventDefault();
  links[Math.max(0, Math.min(links.length - 1, index + by))].focus();
}
