/* data = {key, n_shown, groups: [{number, colour, href, current, has_picture, size, facts, pictures}], rest: {title, size,
   pictures} or null}; a picture is {pixels, height, width, max, words, href} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const root = parentElement.querySelector('#features'), tip = parentElement.querySelector('#tip');
  root.onclick = (event) => {
    const link = event.target.closest('a');
    if (link) follow(event, link.href);
  };
  root.onpointerover = (event) => {
    const link = event.target.closest('li a');
    if (link) showTip(tip, link, link.dataset.words); else tip.style.display = 'none';
  };
  root.onpointerleave = () => { tip.style.display = 'none'; };
  if (root.drawnKey === data.key) return;
  root.drawnKey = data.key;
  tip.style.display = 'none';
  root.replaceChildren(...data.groups.map((each) => groupOf(each, data.n_shown)), ...(data.rest ? [restOf(data.rest, data.n_shown)] : []));
}

function groupOf(each, nShown) {
  const section = element('section', each.current ? 'current' : ''), title = element('h4'), link = element('a');
  section.style.setProperty('--c', each.colour);
  link.href = each.href;
  link.append(swatch(each.number, each.colour), `${each.size} image${each.size === 1 ? '' : 's'}`);
  link.setAttribute('aria-label', `Feature ${each.number}, ${each.size} images`);
  if (each.current) link.setAttribute('aria-current', 'true');
  title.append(link, element('span', 'facts', each.facts));
  if (each.has_picture) title.append(element('span', 'badge', 'the picture above belongs here'));
  section.append(title, ...grid(each.pictures, nShown, `Images of feature ${each.number}`));
  return section;
}

function restOf({ title, size, pictures }, nShown) {
  const section = element('section'), head = element('h4', '', title);
  head.append(element('span', 'facts', `${size} image${size === 1 ? '' : 's'}`));
  section.append(head, ...grid(pictures, nShown, title));
  return section;
}

/* The first pictures, and a button that shows all. */
function grid(pictures, nShown, label) {
  const list = element('ul'), button = element('button', '', `Show all ${pictures.length}`);
  list.setAttribute('aria-label', label);
  list.append(...pictures.slice(0, nShown).map(item));
  button.type = 'button';
  button.onclick = () => { list.append(...pictures.slice(nShown).map(item)); button.remove(); };
  return pictures.length > nShown ? [list, button] : [list];
}

function item(each) {
  const entry = element('li'), link = element('a');
  link.href = each.href;
  link.dataset.words = each.words;
  link.append(picture(each.pixels, each.height, each.width, each.max, each.words));
  entry.append(link);
  return entry;
}
