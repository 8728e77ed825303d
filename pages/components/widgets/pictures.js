/* data = {key, pictures: [{title, name, svg, html}]}: saved as they are, or drawn into a PNG here. */
const SCALE = 3, MOST = 16e6;            // of a PNG: pixels for each unit of the SVG, and pixels in all that browsers draw

export default function (component) {
  const { data, parentElement } = unpacked(component);
  const list = parentElement.querySelector('#pictures');
  if (list.drawnKey === data.key) return;
  list.drawnKey = data.key;
  list.replaceChildren(...data.pictures.map((picture) => row(picture, parentElement.querySelector('#live'))));
}

function row(picture, live) {
  const made = element('li'), buttons = element('span', 'buttons');
  const kinds = {
    SVG: () => new Blob([picture.svg], { type: 'image/svg+xml' }),
    PNG: () => drawn(picture.svg),
    HTML: () => new Blob([picture.html], { type: 'text/html' }),
  };
  for (const [kind, blob] of Object.entries(kinds)) {
    const button = element('button', '', kind);
    button.type = 'button';
    button.setAttribute('aria-label', `${picture.title} as ${kind}`);
    button.onclick = async () => {
      try { save(await blob(), `${picture.name}.${kind.toLowerCase()}`); live.textContent = `${picture.title} saved as ${kind}`; }
      catch { live.textContent = `This browser could not make the ${kind}: save the SVG instead.`; }
    };
    buttons.append(button);
  }
  made.append(element('span', 'title', picture.title), buttons);
  return made;
}

function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function drawn(svg) {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' })), image = new Image();
  try {
    await new Promise((done, failed) => { image.onload = done; image.onerror = failed; image.src = url; });
    const scale = Math.min(SCALE, Math.sqrt(MOST / (image.width * image.height))), canvas = document.createElement('canvas');
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed()), 'image/png'));
  } finally {
    URL.revokeObjectURL(url);
  }
}
