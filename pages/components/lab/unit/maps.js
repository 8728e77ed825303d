/* data = {key, height, width, maps: [{title, words, unit, values, most, signed}]} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const maps = parentElement.querySelector('#maps'), tip = parentElement.querySelector('#tip');
  maps.onpointermove = (event) => {
    const canvas = event.target.closest('canvas');
    if (!canvas) { tip.style.display = 'none'; return; }
    showTip(tip, canvas, pixelWords(event, canvas, data));
  };
  maps.onpointerleave = () => { tip.style.display = 'none'; };
  if (maps.drawnKey === data.key) return;
  maps.drawnKey = data.key;
  maps.replaceChildren(...data.maps.map((each, i) => figure(each, i, data)));
}

function figure(each, i, data) {
  const box = element('figure'), ends = element('div', 'ends'), scale = element('div', each.signed ? 'scale signed' : 'scale');
  const canvas = picture(each.values, data.height, data.width, each.most, `${each.title}. ${strongestWords(each, data)}`, each.signed);
  canvas.dataset.i = i;
  scale.setAttribute('aria-hidden', 'true');
  ends.append(element('span', '', each.signed ? plain(-each.most) : '0'), element('span', '', each.unit), element('span', '', plain(each.most)));
  box.append(element('figcaption', '', each.title), canvas, scale, ends, element('small', '', each.words));
  return box;
}

function pixelWords(event, canvas, data) {
  const box = canvas.getBoundingClientRect(), each = data.maps[+canvas.dataset.i];
  const column = Math.min(data.width - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * data.width)));
  const row = Math.min(data.height - 1, Math.max(0, Math.floor((event.clientY - box.top) / box.height * data.height)));
  const value = each.values[row * data.width + column];
  return `row ${row}, column ${column}: ${each.signed ? signed(value) : plain(value)} ${each.unit}`;
}

/* The strongest pixels, for screen readers. */
function strongestWords(each, data) {
  const strong = each.values.map((value, i) => [value, i]).filter(([value]) => value).sort((a, b) => Math.abs(b[0]) - Math.abs(a[0])).slice(0, 3);
  if (!strong.length) return 'All values are 0.';
  return 'Strongest: ' + strong.map(([value, i]) => `row ${Math.floor(i / data.width)}, column ${i % data.width}: ${plain(value)}`).join('; ') + '.';
}
