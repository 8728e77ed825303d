/* data = {key, pixels: a hexadecimal digit each, height, width, full: level of white, href: the address to which the
   digits of a drawn picture are appended, label} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const [sheet, live, pen, eraser, clear] = ['sheet', 'live', 'pen', 'eraser', 'clear'].map((id) => parentElement.querySelector('#' + id));
  if (sheet.drawnKey !== data.key && !sheet.stroke && !stale(data)) {
    Object.assign(sheet, { drawnKey: data.key, width: data.width, height: data.height, cursor: sheet.cursor ?? null });
    sheet.levels = [...data.pixels].map((digit) => parseInt(digit, 16));
    sheet.style.aspectRatio = `${data.width} / ${data.height}`;
    sheet.setAttribute('aria-label', data.label);
    paint(sheet, data);
  }
  const mode = (erasing) => { sheet.erasing = erasing; pen.setAttribute('aria-pressed', String(!erasing)); eraser.setAttribute('aria-pressed', String(erasing)); };
  mode(Boolean(sheet.erasing));
  pen.onclick = () => mode(false);
  eraser.onclick = () => mode(true);
  clear.onclick = () => { sheet.levels.fill(0); commit(sheet, data); };
  sheet.onpointerdown = (event) => {
    if (event.button) return;
    sheet.setPointerCapture(event.pointerId);
    sheet.stroke = positionOf(event, sheet, data);
    stroke(sheet, data, sheet.stroke, sheet.stroke);
  };
  sheet.onpointermove = (event) => {
    if (!sheet.stroke) return;
    const to = positionOf(event, sheet, data);
    stroke(sheet, data, sheet.stroke, to);
    sheet.stroke = to;
  };
  sheet.onpointerup = sheet.onpointercancel = () => {
    if (!sheet.stroke) return;
    sheet.stroke = null;
    commit(sheet, data);
  };
  sheet.onkeydown = (event) => pressKey(event, sheet, data, live);
  sheet.onblur = () => { sheet.cursor = null; paint(sheet, data); };
}

/* True if the server's picture is of an earlier stroke than the address. */
function stale({ pixels }) {
  const drawn = new URLSearchParams(location.search).get('drawn') ?? '';
  return drawn.length === pixels.length && /^[0-9a-f]+$/.test(drawn) && drawn !== pixels;
}

/* Position in pixels of the picture; the centre of a pixel is at a half. */
function positionOf(event, sheet, data) {
  const box = sheet.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width * data.width, (event.clientY - box.top) / box.height * data.height];
}

/* A round pen as wide as the line of a digit, with an edge softened over half a pixel. */
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
    const value = 255 * level / data.full, atCursor = sheet.cursor === i;
    image.data.set(atCursor ? [255, 170 - value / 3, 60, 255] : [value, value, value, 255], 4 * i);
  });
  context.putImageData(image, 0, 0);
}

function commit(sheet, data) {
  paint(sheet, data);
  visit(data.href + sheet.levels.map((level) => level.toString(16)).join(''));
}

function pressKey(event, sheet, data, live) {
  const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!move && event.key !== ' ') return;
  event.preventDefault();
  event.stopPropagation();
  const start = sheet.cursor ?? Math.floor(data.height / 2) * data.width + Math.floor(data.width / 2);
  const [column, row] = [start % data.width, Math.floor(start / data.width)];
  const clamp = (value, end) => Math.max(0, Math.min(end - 1, value));
  const moves = move && sheet.cursor !== null;
  sheet.cursor = moves ? clamp(row + move[1], data.height) * data.width + clamp(column + move[0], data.width) : start;
  if (event.key === ' ') {
    sheet.levels[sheet.cursor] = sheet.levels[sheet.cursor] > data.full / 2 ? 0 : data.full;
    commit(sheet, data);
  } else paint(sheet, data);
  live.textContent = `row ${Math.floor(sheet.cursor / data.width)}, column ${sheet.cursor % data.width}: ${sheet.levels[sheet.cursor]} of ${data.full}`;
}
