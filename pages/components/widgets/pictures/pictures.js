/* data = {key, pictures: [{title, name, svg, html}]}: saved as they are, or converted to PNG here. */
const SCALE = 3, MAX_PIXELS = 16e6;      // of a PNG: pixels per unit of the SVG, and the limit of canvases in browsers

export default function (component) {
  const { data, parentElement } = unpacked(component);
  const list = parentElement.querySelector('#pictures');
  if (list.drawnKey === data.key) return;
  list.drawnKey = data.key;
  list.replaceChildren(...data.pictures.map((picture) => row(picture, parentElement.querySelector('#live'))));
}

function row(picture, live) {
  const item = element('li'), buttons = element('span', 'buttons');
  const kinds = {
    SVG: () => new Blob([picture.svg], { type: 'image/svg+xml' }),
    PNG: () => pngOf(picture.svg),
    HTML: () => new Blob([picture.html], { type: 'text/html' }),
  };
  for (const [kind, blob] of Object.entries(kinds)) {
    const button = element('button', '', kind);
    button.type = 'button';
    button.setAttribute('aria-label', `${picture.title} as ${kind}`);
    button.onclick = async () => {
      try { save(await blob(), `${picture.name}.${kind.toLowerCase()}`); live.textContent = `${picture.title} saved as ${kind}`; }
      catch { live.textContent = `This browser could not save the ${kind}; save the SVG instead.`; }
    };
    buttons.append(button);
  }
  item.append(element('span', 'title', picture.title), buttons);
  return item;
}

function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function pngOf(svg) {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' })), image = new Image();
  try {
    await new Promise((done, failed) => { image.onload = done; image.onerror = failed; image.src = url; });
    const scale = Math.min(SCALE, Math.sqrt(MAX_PIXELS / (image.width * image.height))), canvas = document.createElement('canvas');
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed()), 'image/png'));
  } finally {
    URL.revokeObjectURL(url);
  }
}
