/* data = {key, pixels: a hexadecimal digit each, height, width, full, href: the address that a drawn picture is put behind,
   label} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const [sheet, live, pen, eraser, clear] = ['sheet', 'live', 'pen', 'eraser', 'clear'].map((id) => parentElement.querySelector('#' + id));
  if (sheet.drawnKey !== data.key && !sheet.stroke && !stale(data)) {
    Object.assign(sheet, { drawnKey: data.key, width: data.width, height: data.height, at: sheet.at ?? null });
    sheet.levels = [...data.pixels].map((digit) => parseInt(digit, 16));
    sheet.style.aspectRatio = `${data.width} / ${data.height}`;
    sheet.setAttribute('aria-label', data.label);
    paint(sheet, data);
  }
  const mode = (erasing) => { sheet.erasing = erasing; pen.setAttribute('aria-pressed', String(!erasing)); eraser.setAttribute('aria-pressed', String(erasing)); };
  mode(Boolean(sheet.erasing));
  pen.onclick = () => mode(false);
  eraser.onclick = () => mode(true);
  clear.onclick = () => { sheet.levels.fill(0); done(sheet, data); };
  sheet.onpointerdown = (event) => {
    if (event.button) return;
    sheet.setPointerCapture(event.pointerId);
    sheet.stroke = place(event, sheet, data);
    stroke(sheet, data, sheet.stroke, sheet.stroke);
  };
  sheet.onpointermove = (event) => {
    if (!sheet.stroke) return;
    const to = place(event, sheet, data);
    stroke(sheet, data, sheet.stroke, to);
    sheet.stroke = to;
  };
  sheet.onpointerup = sheet.onpointercancel = () => {
    if (!sheet.stroke) return;
    sheet.stroke = null;
    done(sheet, data);
  };
  sheet.onkeydown = (event) => key(event, sheet, data, live);
  sheet.onblur = () => { sheet.at = null; paint(sheet, data); };
}

/* What comes from the server may be of an earlier stroke than the address, which has the last one. */
function stale({ pixels }) {
  const drawn = new URLSearchParams(location.search).get('drawn') ?? '';
  return drawn.length === pixels.length && /^[0-9a-f]+$/.test(drawn) && drawn !== pixels;
}

/* In pixels of the picture, whose middles are at halves. */
function place(event, sheet, data) {
  const box = sheet.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width * data.width, (event.clientY - box.top) / box.height * data.height];
}

/* A round pen as wide as a digit's line, soft at its edge by half a pixel. */
function stroke(sheet, data, from, to) {
  const radius = 0.3 + 0.045 * data.width;
  sheet.levels.forEach((level, i) => {
    const x = i % data.width + 0.5, y = Math.floor(i / data.width) + 0.5;
    const ink = Math.round(data.full * Math.max(0, Math.min(1, radius + 0.5 - distance(x, y, from, to))));
    sheet.levels[i] = sheet.erasing ? Math.min(level, data.full - ink) : Math.max(level, ink);
  });
  paint(sheet, data);
}

function distance(x, y, [x1, y1], [x2, y2]) {
  const length = (x2 - x1) ** 2 + (y2 - y1) ** 2;
  const t = length ? Math.max(0, Math.min(1, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length)) : 0;
  return Math.hypot(x - x1 - t * (x2 - x1), y - y1 - t * (y2 - y1));
}

function paint(sheet, data) {
  const context = sheet.getContext('2d'), image = new ImageData(data.width, data.height);
  sheet.levels.forEach((level, i) => {
    const value = 255 * level / data.full, cursor = sheet.at === i;
    image.data.set(cursor ? [255, 170 - value / 3, 60, 255] : [value, value, value, 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
}

function done(sheet, data) {
  paint(sheet, data);
  visit(data.href + sheet.levels.map((level) => level.toString(16)).join(''));
}

function key(event, sheet, data, live) {
  const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!by && event.key !== ' ') return;
  event.preventDefault();
  event.stopPropagation();
  const at = sheet.at ?? Math.floor(data.height / 2) * data.width + Math.floor(data.width / 2);
  const [column, row] = [at % data.width, Math.floor(at / data.width)];
  const clamp = (value, end) => Math.max(0, Math.min(end - 1, value));
  sheet.at = by && sheet.at !== null ? clamp(row + by[1], data.height) * data.width + clamp(column + by[0], data.width) : at;
  if (event.key === ' ') {
    sheet.levels[sheet.at] = sheet.levels[sheet.at] > data.full / 2 ? 0 : data.full;
    done(sheet, data);
  } else paint(sheet, data);
  live.textContent = `row ${Math.floor(sheet.at / data.width)}, column ${sheet.at % data.width}: ${sheet.levels[sheet.at]} of ${data.full}`;
}
