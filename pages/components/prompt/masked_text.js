/* data = {key, label, names: of the lines, lines: [{t, v, m, k}], maximum, causal} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const list = parentElement.querySelector('#lines'), tip = parentElement.querySelector('#tip');
  list.onpointerover = (event) => {
    const token = event.target.closest('.token');
    if (!token) { tip.style.display = 'none'; return; }
    showTip(tip, token, tokenWords(data.lines[token.closest('li').dataset.line], +token.dataset.i, data));
  };
  list.onpointerleave = () => { tip.style.display = 'none'; };
  if (list.drawnKey === data.key) return;
  list.drawnKey = data.key;
  list.setAttribute('aria-label', data.label);
  list.replaceChildren(...data.lines.map((line, i) => item(line, i, data)));
}

function item(line, i, data) {
  const made = element('li'), text = element('span', 'text');
  made.dataset.line = i;
  text.append(lineElements(line, data));
  made.append(element('span', 'name', data.names[i]), text, element('span', 'hidden', lineWords(line)));
  return made;
}
