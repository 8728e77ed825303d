/* data = {key, href, title, lead, rest, top, branches: [[node, node, height, feature or −1]], rows: [{href, number,
   colour, n: leaves, label, context, has_others, sentence: [before, key, after] or null, images}]} */
const INSET = 6;

export default function (component) {
  const { data, parentElement } = unpacked(component);
  const section = parentElement.querySelector('section');
  section.onclick = (event) => {
    const link = event.target.closest('a');
    if (link) follow(event, link.href);
  };
  if (section.drawnKey === data.key) return;
  section.drawnKey = data.key;
  const title = section.querySelector('#title a'), list = section.querySelector('ul');
  title.href = data.href;
  title.textContent = data.title;
  section.querySelector('#lead').textContent = data.lead;
  section.querySelector('#rest').textContent = data.rest;
  list.setAttribute('aria-label', `Features of ${data.title}`);
  list.replaceChildren(...data.rows.map(item));
  const draw = () => drawTree(section.querySelector('svg'), list, data);
  section.observer?.disconnect();
  section.observer = new ResizeObserver(draw);        // rows grow as their texts wrap
  section.observer.observe(list);
  draw();
}

function item(row) {
  const listItem = element('li'), link = element('a'), head = element('span', 'head');
  link.href = row.href;
  listItem.style.setProperty('--c', row.colour);
  head.append(swatch(row.number, row.colour), element('span', 'hidden', `Feature ${row.number} `),
    label(row.label, row.has_others, row.context));
  link.append(head, row.sentence ? sentenceOf(row.sentence) : imagesOf(row.images));
  listItem.append(link);
  return listItem;
}

function sentenceOf([before, key, after]) {
  const all = element('span', 'sentence');
  all.append(element('bdi', '', before), element('mark', '', key), element('bdi', '', after));
  return all;
}

function imagesOf(images) {
  const box = element('span', 'images');
  box.append(...images.map((image) => imageOf({ image })));
  return box;
}

/* The tree lies on its side: the root at the left, each feature's leaves beside its row. */
function drawTree(svg, list, data) {
  const width = svg.clientWidth, height = list.offsetHeight;
  const x = (distance) => 2 + (width - 4) * (1 - distance / data.top);
  const ys = leafPositions(list, data.rows), heights = ys.map(() => 0), parts = [];
  for (const [a, b, distance, feature] of data.branches) {
    parts.push(path(`M${x(heights[a])} ${ys[a]}H${x(distance)}V${ys[b]}H${x(heights[b])}`, colourOf(data, feature)));
    ys.push((ys[a] + ys[b]) / 2);
    heights.push(distance);
  }
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.style.height = height + 'px';
  svg.replaceChildren(...parts);
}

function leafPositions(list, rows) {
  return [...list.children].flatMap((item, i) => {
    const room = item.offsetHeight - 2 * INSET, n = rows[i].n;
    return Array.from({ length: n }, (_, k) => item.offsetTop + INSET + room * (k + .5) / n);
  });
}

const colourOf = (data, feature) => data.rows.find((row) => row.number === feature)?.colour;

function path(d, colour) {
  const line = svgElement('path', {});
  line.setAttribute('d', d);
  if (colour) line.style.setProperty('--c', colour);
  line.classList.toggle('above', !colour);
  return line;
}
