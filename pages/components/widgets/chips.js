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

function chip({ text, href, current }) {
  const link = element('a', '', text);
  if (href) link.href = href; else link.setAttribute('aria-disabled', 'true');
  if (current) link.setAttribute('aria-current', 'true');
  return link;
}
