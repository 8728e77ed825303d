/* data = {key, shown, groups: [{number, colour, href, current, own, size, facts, pictures}], rest: {title, size, pictures} or
   null}; a picture is {pixels, height, width, max, words, href} */
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
  root.replaceChildren(...data.groups.map((each) => group(each, data.shown)), ...(data.rest ? [rest(data.rest, data.shown)] : []));
}

function group(each, shown) {
  const made = element('section', each.current ? 'current' : ''), title = element('h4'), link = element('a');
  made.style.setProperty('--c', each.colour);
  link.href = each.href;
  link.append(swatch(each.number, each.colour), `${each.size} image${each.size === 1 ? '' : 's'}`);
  link.setAttribute('aria-label', `Feature ${each.number}, ${each.size} images`);
  if (each.current) link.setAttribute('aria-current', 'true');
  title.append(link, element('span', 'facts', each.facts));
  if (each.own) title.append(element('span', 'own', 'the picture above falls into it'));
  made.append(title, ...grid(each.pictures, shown, `Images of feature ${each.number}`));
  return made;
}

function rest({ title, size, pictures }, shown) {
  const made = element('section'), head = element('h4', '', title);
  head.append(element('span', 'facts', `${size} image${size === 1 ? '' : 's'}`));
  made.append(head, ...grid(pictures, shown, title));
  return made;
}

/* The first of them, and a button for all. */
function grid(pictures, shown, label) {
  const list = element('ul'), more = element('button', '', `Show all ${pictures.length}`);
  list.setAttribute('aria-label', label);
  list.append(...pictures.slice(0, shown).map(item));
  more.type = 'button';
  more.onclick = () => { list.append(...pictures.slice(shown).map(item)); more.remove(); };
  return pictures.length > shown ? [list, more] : [list];
}

function item(each) {
  const made = element('li'), link = element('a');
  link.href = each.href;
  link.dataset.words = each.words;
  link.append(picture(each.pixels, each.height, each.width, each.max, each.words));
  made.append(link);
  return made;
}
