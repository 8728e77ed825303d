/* data = {key, label, large, tiles: [{title, href, text, names: [{label, context, has_others}], images}]} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const list = parentElement.querySelector('#tiles');
  list.onclick = (event) => {
    const link = event.target.closest('a');
    if (link) follow(event, link.href);
  };
  if (list.drawnKey === data.key) return;
  list.drawnKey = data.key;
  list.setAttribute('aria-label', data.label);
  list.classList.toggle('large', data.large);
  list.replaceChildren(...data.tiles.map(tile));
}

function tile({ title, href, text, names, images }) {
  const listItem = element('li'), link = element('a');
  link.href = href;
  link.append(element('span', 'title', title));
  if (text) link.append(element('span', 'text', text));
  for (const name of names) link.append(label(name.label, name.has_others, name.context));
  if (images.length) link.append(pictures(images));
  listItem.append(link);
  return listItem;
}

function pictures(images) {
  const box = element('span', 'images');
  box.append(...images.map((image) => imageOf({ image })));
  return box;
}
