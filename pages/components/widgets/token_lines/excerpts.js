/* data = {key, label, colour, maximum, causal, images, lines: [{t, v, m, k, image, aside}]} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const list = parentElement.querySelector('ol'), tip = parentElement.querySelector('#tip');
  if (list.drawnKey !== data.key) {
    tip.style.display = 'none';            // its token is gone
    list.drawnKey = data.key;
    list.setAttribute('aria-label', data.label);
    list.style.setProperty('--c', data.colour);
    list.classList.toggle('images', data.images);
    list.replaceChildren(...data.lines.map((line, i) => excerpt(line, i, data)));
  }
  list.onpointerover = (event) => {
    const token = event.target.closest('.token, .picture');
    if (!token) { tip.style.display = 'none'; return; }
    const line = data.lines[token.closest('li').dataset.line];
    showTip(tip, token, tokenWords(line, +token.dataset.i, data));
  };
  list.onpointerleave = () => { tip.style.display = 'none'; };
}

function excerpt(line, i, data) {
  const item = element('li');
  item.dataset.line = i;
  const aside = element('span', 'aside', line.aside), content = lineElements(line, data);
  item.append(...(line.image ? [content, aside] : [aside, content]));   // the number floats beside text and follows an image
  item.append(element('span', 'hidden', ' ' + lineWords(line)));
  return item;
}
