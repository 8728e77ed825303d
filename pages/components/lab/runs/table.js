/* data = {key, label, head: [text], meanings: [text], rows: [{name, href, current, cells: [{texts: [standard, ne], better: 0, 1
   or null}]}], last: [text]} */
export default function (component) {
  const { data, parentElement } = unpacked(component), table = parentElement.querySelector('table');
  table.onclick = (event) => {
    const link = event.target.closest('tbody tr')?.querySelector('a');
    if (link) follow(event, link.href);
  };
  if (table.drawnKey === data.key) return;
  table.drawnKey = data.key;
  const parts = [element('caption'), element('thead'), element('tbody'), element('tfoot')];
  if (!data.rows.length) parts[0].append('No standard run has an NE run of nearly the same L0. ');
  parts[0].append('Pairs of nearly the same L0: ', element('b', 'standard', 'standard'), ' above ', element('b', 'ne', 'NE'), '; the better number is bold.');
  parts[1].append(line('th', ['Pair', ...data.head], ['', ...data.meanings]));
  parts[2].append(...data.rows.map(pairRow));
  parts[3].append(line('td', data.last, []));
  table.setAttribute('aria-label', data.label);
  table.replaceChildren(...parts);
}

function line(tag, texts, meanings) {
  const row = element('tr');
  row.append(...texts.map((text, i) => {
    const cell = element(i ? tag : 'th', '', text);
    if (meanings[i]) cell.title = meanings[i];
    return cell;
  }));
  return row;
}

function pairRow(pair) {
  const row = element('tr', pair.current ? 'current' : ''), first = element('th'), link = element('a', '', pair.name);
  link.href = pair.href;
  if (pair.current) link.setAttribute('aria-current', 'true');
  first.scope = 'row';
  first.append(link);
  row.append(first, ...pair.cells.map(({ texts, better }) => {
    const cell = element('td');
    cell.append(...texts.map((text, i) => element('span', `${i ? 'ne' : 'standard'}${better === i ? ' better' : ''}`, text)));
    return cell;
  }));
  return row;
}
