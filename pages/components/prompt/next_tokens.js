/* data = {key, label, head: titles of the columns, rows: [{token, values: words, shares: of the longest bar}]} */
export default function (component) {
  const { data, parentElement } = unpacked(component), table = parentElement.querySelector('table');
  if (table.drawnKey === data.key) return;
  table.drawnKey = data.key;
  table.querySelector('caption').textContent = data.label;
  table.querySelector('thead').replaceChildren(headOf(data.head));
  table.querySelector('tbody').replaceChildren(...data.rows.map((row) => rowOf(row, data.head)));
}

function headOf(titles) {
  const made = element('tr');
  made.append(...['Next token', ...titles].map((title) => {
    const cell = element('th', '', title);
    cell.scope = 'col';
    return cell;
  }));
  return made;
}

function rowOf(row, titles) {
  const made = element('tr'), token = element('th');
  token.scope = 'row';
  token.append('“', element('bdi', '', row.token), '”');
  made.append(token, ...row.values.map((value, i) => {
    const cell = element('td'), bar = element('span', 'bar');
    cell.dataset.title = titles[i];
    bar.style.setProperty('--share', row.shares[i]);
    bar.setAttribute('aria-hidden', 'true');
    cell.append(bar, element('span', 'value', value));
    return cell;
  }));
  return made;
}
