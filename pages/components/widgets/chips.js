/* data = {key, label, chips: [{text, href or null, current}]} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const row = parentElement.querySelector('#chips');
  row.onclick = (event) => {
    const link = event.target.closest('a[href]');
    if (link) follow(event, link.href);
  };
  if (row.drawnKey === data.key) return;
  row.drawnKey = data.key;
  row.setAttribute('aria-label', data.label);
  row.replaceChildren(...data.chips.map(chip));
}

function chip(each) {
  const made = element('a', '', each.text);
  if (each.href) made.href = each.href; else made.setAttribute('aria-disabled', 'true');
  if (each.current) made.setAttribute('aria-current', 'true');
  return made;
}
