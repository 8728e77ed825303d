/* Drawing of tokens and of links, the same in every component. Text is only ever set by textContent or as an
   attribute that holds text: it comes from strangers. */

/* What a component was called with in Python: assets.py packs it. */
const unpacked = (component) => ({ ...component, data: JSON.parse(new TextDecoder().decode(component.data)) });

const share = (value, whole) => Math.max(0, Math.min(1, value / whole)) || 0;
/* The last number of half precision stands for any beyond it (ne_core/half.py). */
const LAST = 65504;
const beyond = (value) => (value < 0 ? '≤ −' : '≥ ') + '65,504';
const plain = (value) => Math.abs(value) < LAST ? value.toFixed(2).replace('-', '−') : beyond(value);
const signed = (value) => (value < 0 || value >= LAST ? '' : '+') + plain(value);

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined && text !== null) made.textContent = text;
  return made;
}

/* line = {t: tokens, v: activations, m: importances up to the key token or null, k: index of the key token, h: indices
   of tokens that a search found, or nothing, image: {pixels, height, width, max, words} where it is one, with its label
   for a token, or nothing}.
   <bdi> keeps the direction of one token's script from reordering its neighbours. */
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

/* An example as it is shown in a list: its tokens, or its image with the label beside it. */
function lineElements(line, look) {
  const all = tokenElements(line, 0, line.t.length, look);
  if (line.image) all.prepend(imageOf(line));
  return all;
}

function imageOf({ image: { pixels, height, width, max, words } }) {
  const made = picture(pixels, height, width, max, words);
  made.dataset.i = 0;                      // it is pointed at as its label is
  return made;
}

/* What a token's picture says, in words. */
function tokenWords(line, i, look) {
  if (line.image) return `${line.image.words} · activation ${line.v[i] === null ? 'unknown' : plain(line.v[i])}`;
  const parts = [`“${line.t[i]}”`];
  if (line.v[i] !== null) parts.push(`activation ${plain(line.v[i])}`);
  if (i > line.k && look.causal) parts.push('after the key token: context only');
  else if (!line.m || line.m[i] === null || line.m[i] === undefined) parts.push('importance not computed');
  else parts.push(`importance ${signed(line.m[i])}`);
  return (i === line.k ? 'key token ' : '') + parts.join(' · ');
}

/* The whole picture, for those who do not see it. An image has words of its own. */
function lineWords(line) {
  if (line.image) return line.v[0] === null ? '' : `activation ${plain(line.v[0])}`;
  const said = [`Key token “${line.t[line.k]}”, activation ${line.v[line.k] === null ? 'unknown' : plain(line.v[line.k])}.`];
  if (!line.m) return said.concat('Importance not computed.').join(' ');
  const strong = line.m.map((value, i) => [value, i]).filter(([value, i]) => i !== line.k && Math.abs(value ?? 0) >= 0.1)
    .sort((a, b) => Math.abs(b[0]) - Math.abs(a[0])).slice(0, 4);
  if (strong.length) said.push('Importance: ' + strong.map(([value, i]) => `“${line.t[i]}” ${signed(value)}`).join(', ') + '.');
  return said.join(' ');
}

/* An image, a cell a pixel, enlarged by CSS without blurring. pixels = base64 of bytes, or numbers row by row (null: none).
   From black at 0 to white at `max`; `signed` ones are blue below 0 and orange above. It looks the same in light and dark.
   `words` say what it shows; without them the text beside it does. */
function picture(pixels, height, width, max, words, signed = false) {
  const made = element('canvas', 'picture');
  made.height = height;
  made.width = width;
  made.style.aspectRatio = `${width} / ${height}`;
  if (words) { made.setAttribute('role', 'img'); made.setAttribute('aria-label', words); }
  else made.setAttribute('aria-hidden', 'true');
  const values = typeof pixels === 'string' ? Uint8Array.from(atob(pixels), (each) => each.charCodeAt(0)) : pixels;
  const image = new ImageData(width, height), full = signed ? [255, 150, 50] : [255, 255, 255];
  values.forEach((value, i) => {
    if (value === null) return;            // stays transparent
    const level = share(Math.abs(value), max), to = value < 0 ? [70, 150, 255] : full;
    image.data.set([...to.map((each) => each * level), 255], 4 * i);
  });
  made.getContext('2d').putImageData(image, 0, 0);
  return made;
}

/* A name: key terms, and the words before them that tell it from others. A term may itself be a pair of both. */
function label(terms, more, context) {
  const all = element('span', 'label');
  all.append(...termElements(terms));
  if (more) all.append(' …');
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

function swatch(number, colour) {
  const made = element('span', 'swatch', String(number));
  made.style.setProperty('--c', colour);
  return made;
}

function showTip(tip, at, ...content) {
  tip.replaceChildren(...content);
  tip.style.display = 'block';
  const box = at.getBoundingClientRect(), own = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(box.left, innerWidth - own.width - 8)) + 'px';
  tip.style.top = (box.bottom + own.height + 12 > innerHeight ? box.top - own.height - 6 : box.bottom + 6) + 'px';
}

/* Listen on the window for a component that runs again and again on the same elements: one listener of each kind, that
   of the last run, which ends when `root` has left the page. (A way out returned to Streamlit is taken before every
   run, and what happens until the run comes is missed.) */
function listen(root, heard, how = {}) {
  root.ears?.abort();
  const ears = (root.ears = new AbortController());
  for (const [name, then] of Object.entries(heard)) {
    addEventListener(name, (event) => { if (root.isConnected) then(event); else ears.abort(); }, { ...how, signal: ears.signal });
  }
}

/* While this link or button is on the page, a key of the keyboard presses it: keys.js listens. */
function onKey(key, target) {
  const known = (window.neKeys ??= {})[key] ?? [];
  window.neKeys[key] = [...known.filter((each) => each.isConnected && each !== target), target];
}

/* A plain click moves without loading the page anew; every other click is the browser's (new tab, new window).
   The address is put into the history and announced as a step through it: the page is asked for what it would show
   after Back or Forward, and the history holds one entry for one click. (st.switch_page would add two.) */
function follow(event, href) {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  visit(href);
}

/* In place of the address that is shown, where a movement goes on: Back then leads to where it began. Says whether
   there was anywhere to go. */
function visit(href, inPlace = false) {
  const address = new URL(href, document.baseURI);
  if (address.href === location.href) return false;
  history[inPlace ? 'replaceState' : 'pushState']({ ne: true }, '', address);   // address.js knows it by this
  dispatchEvent(new PopStateEvent('popstate', { state: { ne: true } }));
  return true;
}

/* How many steps the visitor has taken in this tab. What was begun before the last one is out of date. */
const stepsTaken = () => globalThis.neHistory?.steps ?? 0;

/* A timer that the next step of the visitor ends, as does the end of the page that `root` is on. */
function later(root, milliseconds, then) {
  const began = stepsTaken();
  return setTimeout(() => { if (root.isConnected && stepsTaken() === began) then(); }, milliseconds);
}

/* Calls `then` when no button of the pointer is held, after the click that a press becomes. */
function whenReleased(then) {
  if (globalThis.nePressed) globalThis.nePressed.push(then); else then();
}

/* One pair of listeners for all components; `nePressed` holds what waits while the pointer is down. */
if (!('nePressed' in globalThis)) {
  globalThis.nePressed = null;
  const release = () => setTimeout(() => {
    const waiting = globalThis.nePressed ?? [];
    globalThis.nePressed = null;
    for (const then of waiting) then();
  });
  addEventListener('pointerdown', () => { globalThis.nePressed ??= []; }, { capture: true });
  for (const name of ['pointerup', 'pointercancel', 'dragend']) addEventListener(name, release, { capture: true });
}
