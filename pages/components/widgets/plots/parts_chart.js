/* data = {key, label, rows: [{name, value, from, size, raises, total, reads: {before, token, href, after} or null}]} */
export default function (component) {
  const { data, parentElement } = unpacked(component), parts = parentElement.querySelector('#parts');
  if (parts.drawnKey === data.key) return;
  parts.drawnKey = data.key;
  parts.setAttribute('aria-label', data.label);
  parts.replaceChildren(...data.rows.map(partOf));
  parts.onclick = (event) => {
    const link = event.target.closest('a');
    if (link) follow(event, link.href);
  };
}

function partOf(row) {
  const item = element('li', row.raises ? 'up' : 'down'), bar = element('span', 'bar');
  item.classList.toggle('total', row.total);
  bar.style.setProperty('--from', row.from);
  bar.style.setProperty('--size', row.size);
  bar.setAttribute('aria-hidden', 'true');
  item.append(element('span', 'name', row.name), bar, element('span', 'value', row.value));
  if (row.reads) item.append(readsOf(row.reads));
  return item;
}

function readsOf({ before, token, href, after }) {
  const words = element('span', 'reads', before), link = element('a');
  link.href = href;
  link.append('“', element('bdi', '', token), '”');
  words.append(link, after);
  return words;
}
