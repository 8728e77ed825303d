/* data = {key, lists: [{title, rows: [{text, href, effect, share, raises}]}]} */
export default function (component) {
  const { data, parentElement } = unpacked(component), both = parentElement.querySelector('#both');
  if (both.drawnKey === data.key) return;
  both.drawnKey = data.key;
  both.replaceChildren(...data.lists.map(listOf));
  both.onclick = (event) => {
    const link = event.target.closest('a');
    if (link) follow(event, link.href);
  };
}

function listOf({ title, rows }) {
  const section = element('section'), list = element('ol'), head = element('h4', '', title);
  list.setAttribute('aria-label', title);
  list.append(...rows.map((row) => {
    const item = element('li', row.raises ? 'up' : 'down'), link = element('a'), bar = element('span', 'share');
    link.href = row.href;
    link.append('“', element('bdi', '', row.text), '”');
    bar.style.setProperty('--share', row.share);
    bar.setAttribute('aria-hidden', 'true');
    item.append(link, bar, element('span', 'effect', row.effect));
    return item;
  }));
  section.append(head, list);
  return section;
}
