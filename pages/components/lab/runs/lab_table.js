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
  if (!data.rows.length) parts[0].append('No standard and NE run have nearly the same L0: ');
  parts[0].append(element('b', 'standard', 'standard'), ' above ', element('b', 'ne', 'NE'), ', at nearly the same L0; the better number is bold');
  parts[1].append(line('th', ['Pair', ...data.head], ['', ...data.meanings]));
  parts[2].append(...data.rows.map(pair));
  parts[3].append(line('td', data.last, []));
  table.setAttribute('aria-label', data.label);
  table.replaceChildren(...parts);
}

function line(tag, texts, meanings) {
  const made = element('tr');
  made.append(...texts.map((text, i) => {
    const cell = element(i ? tag : 'th', '', text);
    if (meanings[i]) cell.title = meanings[i];
    return cell;
  }));
  return made;
}

function pair(each) {
  const made = element('tr', each.current ? 'current' : ''), first = element('th'), link = element('a', '', each.name);
  link.href = each.href;
  if (each.current) link.setAttribute('aria-current', 'true');
  first.scope = 'row';
  first.append(link);
  made.append(first, ...each.cells.map(({ texts, better }) => {
    const cell = element('td');
    cell.append(...texts.map((text, i) => element('span', `${i ? 'ne' : 'standard'}${better === i ? ' better' : ''}`, text)));
    return cell;
  }));
  return made;
}
