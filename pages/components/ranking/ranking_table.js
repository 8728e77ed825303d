/* data = {key, label, columns: [{title, unit, meaning, href, sorted}], rows: [{href, name, kind, cells, label, has_others}]}
   The first column is the neuron, the second its class; “Fires on” is between them and cannot be sorted. */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const table = parentElement.querySelector('table'), tip = parentElement.querySelector('#tip');
  table.onclick = (event) => {
    const link = event.target.closest('a') ?? event.target.closest('thead th, tbody tr')?.querySelector('a');
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
  tip.style.display = 'none';              // its target is removed
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
  const cell = element('th', i > 1 ? 'figure' : ''), link = element('a', '', column.title);
  cell.scope = 'col';
  cell.dataset.meaning = column.meaning;
  if (column.sorted) cell.setAttribute('aria-sort', column.sorted);
  link.href = column.href;
  link.setAttribute('aria-description', column.meaning);
  link.onfocus = () => showTip(tip, cell, column.meaning);
  link.onblur = () => { tip.style.display = 'none'; };
  cell.append(link);
  if (column.unit) cell.append(element('span', 'unit', column.unit));
  return cell;
}

function firesOn() {
  const cell = element('th', 'fires', 'Fires on');
  cell.scope = 'col';
  cell.dataset.meaning = 'Short names of its largest features';
  return cell;
}

function row(neuron) {
  const line = element('tr'), first = element('th', 'neuron'), link = element('a', '', neuron.name);
  first.scope = 'row';
  link.href = neuron.href;
  first.append(link);
  const fires = element('td', 'fires');
  if (neuron.label.length) fires.append(label(neuron.label, neuron.has_others)); else fires.append('nothing in this corpus');
  const cells = neuron.cells.map((text, i) => element('td', i ? 'figure' : 'kind ' + neuron.kind, text));
  line.append(first, fires, ...cells);
  return line;
}

/* Move the focus between neurons with the up and down keys. */
function step(event, table) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = [...table.querySelectorAll('tbody a')];
  const index = links.indexOf(table.getRootNode().activeElement);
  if (!by || index < 0) return;
  event.preventDefault();
  links[Math.max(0, Math.min(links.length - 1, index + by))].focus();
}
