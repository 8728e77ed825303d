/* Drawing of tokens and links, shared by all components. Untrusted text is set only by textContent or as the value of
   an attribute. */

/* Decode the data of a component, packed by assets.py. */
const unpacked = (component) => ({ ...component, data: JSON.parse(new TextDecoder().decode(component.data)) });

const share = (value, whole) => Math.max(0, Math.min(1, value / whole)) || 0;
/* The largest number of half precision also represents anything beyond it (ne_core/half.py). */
const LAST = 65504;
const beyond = (value) => (value < 0 ? '≤ −' : '≥ ') + '65,504';
const plain = (value) => Math.abs(value) < LAST ? value.toFixed(2).replace('-', '−') : beyond(value);
const signed = (value) => (value < 0 || value >= LAST ? '' : '+') + plain(value);

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined && text !== null) node.textContent = text;
  return node;
}

/* An element of a drawing; attributes that are null are left out. */
function svgElement(tag, attributes, text) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

/* line = {t: tokens, v: activations, m: importances up to the key token or null, k: index of the key token, h: optional
   indices of matching tokens, image: {pixels, height, width, max, words} where the example is an image, whose label is
   its one token}.
   <bdi> prevents the direction of one token's script from reordering its neighbours. */
function tokenElement(line, i, look) {
  const token = element('bdi', 'token', line.t[i]);
  token.dataset.i = i;
  const level = share(line.v[i], look.maximum);
  if (level > 0.02) token.style.setProperty('--a', level.toFixed(3));
  const importance = line.m ? line.m[i] : null;
  if (importance !== null && importance !== undefined && Math.abs(importance) >= 0.03) {
    token.classList.add(importance > 0 ? 'raises' : 'lowers');
    token.style.setProperty('--m', Math.min(1, Math.abs(importance)).toFixed(2));
  }
  if (i === line.k && !line.image) token.classList.add('key', line.t[i].length > 24 ? 'long' : 'whole');
  if (line.h?.includes(i)) token.classList.add('hit');
  if (i > line.k && look.causal) token.classList.add('after');
  return token;
}

function tokenElements(line, from, to, look) {
  const all = document.createDocumentFragment();
  for (let i = from; i < to; i++) {
    if (i === line.k) all.append(document.createElement('wbr'));  // the key token stays whole, on a new line if need be
    all.append(tokenElement(line, i, look));
  }
  return all;
}

/* An example in a list: its tokens, or its image with the label beside it. */
function lineElements(line, look) {
  const all = tokenElements(line, 0, line.t.length, look);
  if (line.image) all.prepend(imageOf(line));
  return all;
}

function imageOf({ image: { pixels, height, width, max, words } }) {
  const canvas = picture(pixels, height, width, max, words);
  canvas.dataset.i = 0;                    // the same tip as for its label
  return canvas;
}

/* Description of a token: activation and importance. */
function tokenWords(line, i, look) {
  if (line.image) return `${line.image.words} · activation ${line.v[i] === null ? 'unknown' : plain(line.v[i])}`;
  const parts = [`“${line.t[i]}”`];
  if (line.v[i] !== null) parts.push(`activation ${plain(line.v[i])}`);
  if (i > line.k && look.causal) parts.push('after the key token: context only');
  else if (!line.m || line.m[i] === null || line.m[i] === undefined) parts.push('importance not computed');
  else parts.push(`importance ${signed(line.m[i])}`);
  return (i === line.k ? 'key token ' : '') + parts.join(' · ');
}

/* Description of a line for screen readers. An image has a description of its own. */
function lineWords(line) {
  if (line.image) return line.v[0] === null ? '' : `activation ${plain(line.v[0])}`;
  const sentences = [`Key token “${line.t[line.k]}”, activation ${line.v[line.k] === null ? 'unknown' : plain(line.v[line.k])}.`];
  if (!line.m) return sentences.concat('Importance not computed.').join(' ');
  const strong = line.m.map((value, i) => [value, i]).filter(([value, i]) => i !== line.k && Math.abs(value ?? 0) >= 0.1)
    .sort((a, b) => Math.abs(b[0]) - Math.abs(a[0])).slice(0, 4);
  if (strong.length) sentences.push('Importance: ' + strong.map(([value, i]) => `“${line.t[i]}” ${signed(value)}`).join(', ') + '.');
  return sentences.join(' ');
}

/* An image, one cell per pixel, enlarged by CSS without blurring. pixels = base64 of bytes, or numbers row by row
   (null: transparent). Black at 0 to white at `max`; `signed` values are blue below 0 and orange above, in light and dark
   mode alike. `words` describe it for screen readers; without them the text beside it does. */
function picture(pixels, height, width, max, words, signed = false) {
  const canvas = element('canvas', 'picture');
  canvas.height = height;
  canvas.width = width;
  canvas.style.aspectRatio = `${width} / ${height}`;
  if (words) { canvas.setAttribute('role', 'img'); canvas.setAttribute('aria-label', words); }
  else canvas.setAttribute('aria-hidden', 'true');
  const values = typeof pixels === 'string' ? Uint8Array.from(atob(pixels), (each) => each.charCodeAt(0)) : pixels;
  const image = new ImageData(width, height), full = signed ? [255, 150, 50] : [255, 255, 255];
  values.forEach((value, i) => {
    if (value === null) return;            // stays transparent
    const level = share(Math.abs(value), max), to = value < 0 ? [70, 150, 255] : full;
    image.data.set([...to.map((each) => each * level), 255], 4 * i);
  });
  canvas.getContext('2d').putImageData(image, 0, 0);
  return canvas;
}

/* The name of a feature: key terms, and the words before them that distinguish it. A term may be a pair of both.
   `hasOthers`: many examples have other key terms. */
function label(terms, hasOthers, context) {
  const all = element('span', 'label');
  all.append(...termElements(terms));
  if (hasOthers) all.append(' …');
  if (context?.length) all.append(afterWords(context));
  return all;
}

function termElements(terms) {
  return terms.flatMap((term, i) => {
    const [key, before] = Array.isArray(term) ? term : [term, null];
    return [i ? ', ' : '', '“', element('bdi', '', key), '”', ...(before ? [afterWords([before])] : [])];
  });
}

function afterWords(context) {
  const all = element('span', 'context', ' after ');
  all.append(...termElements(context));
  return all;
}

/* Where an example comes from, in a line; the whole name is its tooltip. */
function sourceElement([text, whole]) {
  const node = element('bdi', 'from', text);
  node.title = whole;
  return node;
}

function swatch(number, colour) {
  const badge = element('span', 'swatch', String(number));
  badge.style.setProperty('--c', colour);
  return badge;
}

function showTip(tip, anchor, ...content) {
  tip.replaceChildren(...content);
  tip.style.display = 'block';
  const box = anchor.getBoundingClientRect(), size = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(box.left, innerWidth - size.width - 8)) + 'px';
  tip.style.top = (box.bottom + size.height + 12 > innerHeight ? box.top - size.height - 6 : box.bottom + 6) + 'px';
}

/* Listen on the window for a component that runs repeatedly on the same elements: one listener of each kind, that of
   the last run, removed when `root` has left the page. (Streamlit calls a returned clean-up function before every run,
   so events between the clean-up and the run would be missed.) */
function listen(root, handlers, options = {}) {
  root.listeners?.abort();
  const listeners = (root.listeners = new AbortController());
  for (const [name, handler] of Object.entries(handlers)) {
    addEventListener(name, (event) => { if (root.isConnected) handler(event); else listeners.abort(); }, { ...options, signal: listeners.signal });
  }
}

/* Return whether a key goes to a field that is being filled in. */
function typing(event) {
  const target = event.composedPath()[0];
  return target instanceof Element && (target.matches('input, textarea, select, [role=combobox], [role=textbox], [role=listbox]') || target.isContentEditable);
}

/* Let a key of the keyboard press this link or button while it is on the page: keys.js listens. */
function onKey(key, target) {
  const targets = (window.neKeys ??= {})[key] ?? [];
  window.neKeys[key] = [...targets.filter((each) => each.isConnected && each !== target), target];
}

/* Follow a plain click without reloading the page; leave every other click (new tab, new window) to the browser.
   The address is pushed to the history and announced as popstate, so Streamlit shows the page as after Back or Forward
   and one click is one entry of the history. (st.switch_page would add two.) */
function follow(event, href) {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  visit(href);
}

/* Go to an address. `inPlace` replaces the current entry of the history, for the later steps of one movement: Back then
   leads to where the movement began. Return false where the address is the current one. */
function visit(href, inPlace = false) {
  const address = new URL(href, document.baseURI);
  if (address.href === location.href) return false;
  history[inPlace ? 'replaceState' : 'pushState']({ ne: true }, '', address);   // the state that address.js recognises
  dispatchEvent(new PopStateEvent('popstate', { state: { ne: true } }));
  return true;
}

/* Number of steps of the visitor in this tab. An action started before the last step is out of date. */
const stepsTaken = () => globalThis.neHistory?.steps ?? 0;

/* A timer that is cancelled by the visitor's next step or when `root` leaves the page. */
function later(root, milliseconds, action) {
  const step = stepsTaken();
  return setTimeout(() => { if (root.isConnected && stepsTaken() === step) action(); }, milliseconds);
}

/* Call `action` when no pointer button is held, after the click event of a press. */
function whenReleased(action) {
  if (globalThis.nePressed) globalThis.nePressed.push(action); else action();
}

/* One pair of listeners for all components; `nePressed` holds the actions that wait while the pointer is down. */
if (!('nePressed' in globalThis)) {
  globalThis.nePressed = null;
  const release = () => setTimeout(() => {
    const waiting = globalThis.nePressed ?? [];
    globalThis.nePressed = null;
    for (const action of waiting) action();
  });
  addEventListener('pointerdown', () => { globalThis.nePressed ??= []; }, { capture: true });
  for (const name of ['pointerup', 'pointercancel', 'dragend']) addEventListener(name, release, { capture: true });
}
