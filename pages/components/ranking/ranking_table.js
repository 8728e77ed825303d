/* data = {key, label, columns: [{title, unit, meaning, href, sorted}], rows: [{href, name, kind, cells, label, has_others}]}
   The first column is the neuron, the second its class; what it fires on stands between them and cannot be sorted. */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const table = parentElement.querySelector('table'), tip = parentElement.querySelector('#tip');
  table.onclick = (event) => {
    const link = event.target.closest('a') || event.target.closest('tr')?.querySelector('td a, tbody th a');
    if (link) follow(event, link.href);
  };
  table.onkeydown = (event) => {
    if (event.key === 'Escape') tip.style.display = 'none';
    step(event, table);
  };
  table.onpointerover = (event) => {
    const head = event.target.closest('thead th');
    if (head?.dataset.meaning) showTip(tip, head, head.dataset.meaning); else tip.style.display = 'none';
  };
  table.onpointerleave = () => { tip.style.display = 'none'; };
  if (table.drawnKey === data.key) return;
  table.drawnKey = data.key;
  tip.style.display = 'none';              // what it pointed at is gone
  draw(data, table, tip);
}

function draw(data, table, tip) {
  table.setAttribute('aria-label', data.label);
  const heads = data.columns.map((column, i) => heading(column, i, tip));
  heads.splice(1, 0, firesOn());
  const line = element('tr');
  line.append(...heads);
  table.tHead.replaceChildren(line);
  table.tBodies[0].replaceChildren(...data.rows.map(row));
}

function heading(column, i, tip) {
  const made = element('th', i > 1 ? 'figure' : ''), link = element('a', '', column.title);
  made.scope = 'col';
  made.dataset.meaning = column.meaning;
  if (column.sorted) made.setAttribute('aria-sort', column.sorted);
  link.href = column.href;
  link.setAttribute('aria-description', column.meaning);
  link.onfocus = () => showTip(tip, made, column.meaning);
  link.onblur = () => { tip.style.display = 'none'; };
  made.append(link);
  if (column.unit) made.append(element('span', 'unit', column.unit));
  return made;
}

function firesOn() {
  const made = element('th', 'fires', 'Fires on');
  made.scope = 'col';
  made.dataset.meaning = 'The name of each of its larger features, in short';
  return made;
}

function row(each) {
  const made = element('tr'), first = element('th', 'neuron'), link = element('a', '', each.name);
  first.scope = 'row';
  link.href = each.href;
  first.append(link);
  const fires = element('td', 'fires');
  if (each.label.length) fires.append(label(each.label, each.has_others)); else fires.append('nothing in this corpus');
  const cells = each.cells.map((text, i) => element('td', i ? 'figure' : 'kind ' + each.kind, text));
  made.append(first, fires, ...cells);
  return made;
}

/* Up and down move between neurons. */
function step(event, table) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = [...table.querySelectorAll('tbody a')];
  const at = links.indexOf(table.getRootNode().activeElement);
  if (!by || at < 0) return;
  event.preventDefault();
  links[Math.max(0, Math.min(links.length - 1, at + by))].focus();
}
