/* The visible part of the map as a PNG, with the legend below. */
const INSET = 10, LINE = 20;   // pixels: margin around the legend; height of its rows

/* `colour` resolves a CSS colour; `mark` is {left, top, text} of the feature with the ring, or null; `names`
   are those of regions, as placedNames gives them. */
function mapPicture(canvas, legend, mark, names, colour) {
  const picture = document.createElement('canvas'), pen = picture.getContext('2d'), dense = canvas.width / canvas.clientWidth;
  const items = legendPlaces(pen, legend, canvas.clientWidth), ink = colour('var(--ink)');
  picture.width = canvas.width;
  picture.height = canvas.height + Math.round((items.at(-1).y + INSET) * dense);
  pen.fillStyle = colour('var(--st-background-color)');
  pen.fillRect(0, 0, picture.width, picture.height);
  pen.drawImage(canvas, 0, 0);
  pen.scale(dense, dense);
  drawRegionNames(pen, names, ink, colour('var(--st-background-color)'));
  if (mark) drawMark(pen, mark, colour('var(--st-primary-color)'), ink);
  pen.translate(0, canvas.height / dense);
  for (const { name, css, x, y } of items) {
    pen.font = legendFont(css);
    pen.fillStyle = ink;
    pen.fillText(name, x + (css ? 16 : 0), y);
    if (css) drawDot(pen, x + 6, y - 4, colour(css));
  }
  return new Promise((done) => picture.toBlob(done, 'image/png'));
}

const legendFont = (css) => `${css ? '' : '600 '}12px system-ui, sans-serif`;

function legendPlaces(pen, { title, names, colours }, wide) {
  let x = INSET, y = LINE;
  return [[title, ''], ...names.map((name, i) => [name, colours[i]])].filter(([name]) => name).map(([name, css]) => {
    pen.font = legendFont(css);
    const room = pen.measureText(name).width + (css ? 16 : 0);
    if (x > INSET && x + room > wide - INSET) { x = INSET; y += LINE; }
    const place = { name, css, x, y };
    x += room + 14;
    return place;
  });
}

function drawDot(pen, x, y, css) {
  pen.fillStyle = css;
  pen.beginPath();
  pen.arc(x, y, 5, 0, 7);
  pen.fill();
}

function drawMark(pen, { left, top, text }, ring, ink) {
  Object.assign(pen, { strokeStyle: ring, lineWidth: 3, fillStyle: ink, font: legendFont('') });
  pen.beginPath();
  pen.arc(left, top, 11.5, 0, 7);
  pen.stroke();
  pen.fillText(text, left + 19, top + 4);
}

function drawRegionNames(pen, names, ink, page) {
  Object.assign(pen, { font: legendFont(''), textAlign: 'center' });
  for (const { left, top, text } of names) {
    const half = pen.measureText(text).width / 2 + 5;
    Object.assign(pen, { fillStyle: page, globalAlpha: 0.82 });
    pen.fillRect(left - half, top - 9, 2 * half, 18);
    Object.assign(pen, { fillStyle: ink, globalAlpha: 1 });
    pen.fillText(text, left, top + 4);
  }
  pen.textAlign = 'start';
}

function saveBlob(blob, name) {
  const link = element('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
