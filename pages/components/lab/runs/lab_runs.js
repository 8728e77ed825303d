/* data = {key, label, heads: [{title, kind, says, current}], last: text, rows: [{name, meaning, cells: [text]}]} */
export default function (component) {
  const { data, parentElement } = unpacked(component), table = parentElement.querySelector('#runs');
  if (table.drawnKey === data.key) return;
  table.drawnKey = data.key;
  table.setAttribute('aria-label', data.label);
  const head = element('thead'), body = element('tbody'), line = element('tr');
  line.append(element('td'), ...data.heads.map(heading), heading({ title: data.last, kind: '', says: '', current: false }));
  head.append(line);
  body.append(...data.rows.map(row));
  table.replaceChildren(head, body);
}

function heading({ title, kind, says, current }) {
  const made = element('th', `${kind}${current ? ' current' : ''}`, title);
  made.scope = 'col';
  if (says) made.append(element('small', '', says));
  return made;
}

function row({ name, meaning, cells }) {
  const made = element('tr'), first = element('th', '', name);
  first.scope = 'row';
  if (meaning) made.title = meaning;
  made.append(first, ...cells.map((text) => element('td', '', text)));
  return made;
}
