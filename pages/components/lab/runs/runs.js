/* data = {key, label, heads: [{title, kind, kind_name, current}], last: text, rows: [{name, meaning, cells: [text]}]} */
export default function (component) {
  const { data, parentElement } = unpacked(component), table = parentElement.querySelector('#runs');
  if (table.drawnKey === data.key) return;
  table.drawnKey = data.key;
  table.setAttribute('aria-label', data.label);
  const head = element('thead'), body = element('tbody'), line = element('tr');
  line.append(element('td'), ...data.heads.map(heading), heading({ title: data.last, kind: '', kind_name: '', current: false }));
  head.append(line);
  body.append(...data.rows.map(row));
  table.replaceChildren(head, body);
}

function heading({ title, kind, kind_name: kindName, current }) {
  const cell = element('th', `${kind}${current ? ' current' : ''}`, title);
  cell.scope = 'col';
  if (kindName) cell.append(element('small', '', kindName));
  return cell;
}

function row({ name, meaning, cells }) {
  const line = element('tr'), first = element('th', '', name);
  first.scope = 'row';
  if (meaning) line.title = meaning;
  line.append(first, ...cells.map((text) => element('td', '', text)));
  return line;
}
