/* Lists stored in this browser: bookmarks, recently visited features, and results of the game. An item of the first two is
   {atlas, layer, neuron, feature, branch, embedding, cut, at: [example, pos] or null, name, note, own, verdict}: feature, branch,
   embedding and cut are null where the address names none; `own` is the visitor's name for the feature, `verdict` on the given name is right, wrong
   or null. Everything that is read back is checked like an untrusted file. */

const ITEM_LIMITS = { bookmarks: 2000, visited: 30 };
const TEXT_LIMITS = { atlas: 200, name: 200, note: 500, own: 200 };  // characters
const VERDICTS = ['right', 'wrong'];
const SPACE_NAME = /^[a-z_]{1,40}$/;
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;  // they would reverse or hide other text
const FALLBACK = (window.neStorage ??= {});      // used where localStorage is blocked or full: lasts as long as the tab

const isWholeNumber = (value, highest) => Number.isInteger(value) && value >= 0 && value <= highest;
const isAbsent = (value) => value === undefined || value === null;
const visibleText = (text) => text.replace(CONTROL_CHARACTERS, (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);

/* The first problem of an item, in words that say what would be valid; null for a valid one. */
function itemProblem(item) {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return 'must be an object like {"atlas": "demo", "layer": 0, "neuron": 3, "feature": 1}';
  if (typeof item.atlas !== 'string' || !item.atlas || item.atlas.length > TEXT_LIMITS.atlas) return '“atlas” must be the name of an atlas';
  for (const name of ['layer', 'neuron']) if (!isWholeNumber(item[name], 1e8)) return `“${name}” must be a whole number, 0 or more`;
  for (const name of ['feature', 'branch']) if (!isAbsent(item[name]) && !isWholeNumber(item[name], 1e6)) return `“${name}” must be a whole number, 0 or more, or null`;
  if (!isAbsent(item.cut) && !(typeof item.cut === 'number' && item.cut >= 0 && item.cut <= 2)) return '“cut” must be a number from 0 to 2, or null';
  if (!isAbsent(item.embedding) && !(typeof item.embedding === 'string' && SPACE_NAME.test(item.embedding))) return '“embedding” must be the name of an embedding, such as neuron, or null';
  if (!isAbsent(item.at) && !(Array.isArray(item.at) && item.at.length === 2 && item.at.every((each) => isWholeNumber(each, 2 ** 31)))) return '“at” must be two whole numbers, example and position, or null';
  for (const name of Object.keys(TEXT_LIMITS)) if (!isAbsent(item[name]) && typeof item[name] !== 'string') return `“${name}” must be a text`;
  if (!isAbsent(item.verdict) && !VERDICTS.includes(item.verdict)) return '“verdict” must be right, wrong or null';
  return null;
}

/* A valid item with the known fields only, its texts truncated to their limits. */
function cleanItem(item) {
  const numbers = Object.fromEntries(['feature', 'branch', 'embedding', 'cut', 'at', 'verdict'].map((name) => [name, item[name] ?? null]));
  const texts = Object.fromEntries(['name', 'note', 'own'].map((name) => [name, (item[name] ?? '').slice(0, TEXT_LIMITS[name])]));
  return { atlas: item.atlas, layer: item.layer, neuron: item.neuron, ...numbers, ...texts };
}

/* Bookmarks with the same key are one bookmark. Of a feature visited at several cuts only the last visit is listed. */
const bookmarkKey = (item) => JSON.stringify([item.atlas, item.layer, item.neuron, item.branch === null ? item.feature ?? 0 : null, item.branch, item.embedding ?? null, item.cut]);
const visitKey = (item) => bookmarkKey({ ...item, cut: null });

function storedText(list) {
  if (list in FALLBACK) return FALLBACK[list];
  try { return localStorage.getItem('ne-' + list); } catch { return null; }
}

const BOOKMARK = { problem: itemProblem, clean: cleanItem };   // the kind of the items of a list

/* {items: valid items in order, unknown: entries that were not understood, isList: false where the text is no list} */
function readItems(list, kind = BOOKMARK) {
  const text = storedText(list);
  if (text === null) return { items: [], unknown: [], isList: true };
  try {
    const entries = JSON.parse(text);
    return { items: entries.filter((each) => !kind.problem(each)).map(kind.clean), unknown: entries.filter(kind.problem), isList: true };
  } catch { return { items: [], unknown: [], isList: false }; }
}

/* Entries of a later version are preserved; a text that is no list is saved under another name before it is replaced. */
function writeItems(list, items, kind = BOOKMARK) {
  const before = readItems(list, kind);
  try {
    if (!before.isList) localStorage.setItem(`ne-${list}-unreadable`, storedText(list));
    localStorage.setItem('ne-' + list, JSON.stringify([...items, ...before.unknown]));
    delete FALLBACK[list];
  } catch { FALLBACK[list] = JSON.stringify(items); }
  dispatchEvent(new Event('ne-storage'));
}

const isStorageBlocked = () => Object.keys(FALLBACK).length > 0 || !isStorageAvailable();
function isStorageAvailable() {
  try { return localStorage !== null; } catch { return false; }
}

/* Call `refresh` when a list changes, here or in another tab. */
function onItemsChange(root, refresh) {
  listen(root, { 'ne-storage': refresh, storage: (event) => { if (event.key === null || event.key.startsWith('ne-')) refresh(); } });
}

/* The address of an item, made from checked numbers and the name of an available atlas; null where that is missing. */
function itemAddress(item, atlases) {
  if (!atlases.includes(item.atlas)) return null;
  const parameters = ['layer', 'neuron', 'feature', 'embedding', 'cut', 'branch'].filter((name) => item[name] !== null)
    .map((name) => `${name}=${name === 'cut' ? +item.cut.toFixed(4) : item[name]}`);
  return `neuron?atlas=${encodeURIComponent(item.atlas)}&${parameters.join('&')}`;
}

/* The visitor's verdict and own name in words; empty where there is neither. */
function judgementWords({ verdict, own }) {
  const parts = [verdict && `${verdict === 'right' ? '✓' : '✗'} name ${verdict}`, own && `own name “${visibleText(own)}”`];
  return parts.filter(Boolean).join(' · ');
}

function itemTitle(item) {
  const part = item.branch !== null ? ` branch ${item.branch}` : item.feature !== null ? ` F${item.feature}` : '';
  return `L${item.layer} N${item.neuron}${part}${item.embedding === null ? '' : `, ${item.embedding}`}${item.cut === null ? '' : ` at cut ${+item.cut.toFixed(4)}`}`;
}

/* Add the bookmarks of a file to `old`. {items: old and new, or undefined where the file is invalid; message} */
function importItems(text, old) {
  let list;
  try { list = JSON.parse(text); } catch { return { message: 'This file is not JSON. Import a file written by “Export” on this panel.' }; }
  list = Array.isArray(list) ? list : list?.bookmarks;
  if (!Array.isArray(list)) return { message: 'This file has no list of bookmarks. Import a file written by “Export” on this panel.' };
  const items = [...old], keys = new Set(old.map(bookmarkKey)), invalid = [];
  let n_known = 0, n_over = 0, n_truncated = 0;
  list.forEach((entry, i) => {
    const problem = itemProblem(entry);
    if (problem) { invalid.push(`entry ${i}: ${problem}`); return; }
    const item = cleanItem(entry);
    if (keys.has(bookmarkKey(item))) n_known++;
    else if (items.length >= ITEM_LIMITS.bookmarks) n_over++;
    else {
      keys.add(bookmarkKey(item));
      items.push(item);
      n_truncated += ['name', 'note', 'own'].some((name) => (entry[name] ?? '').length > TEXT_LIMITS[name]);
    }
  });
  const parts = [`${items.length - old.length} imported`];
  if (n_known) parts.push(`${n_known} already here`);
  if (n_truncated) parts.push(`${n_truncated} with a note or name cut to ${TEXT_LIMITS.note} or ${TEXT_LIMITS.name} characters`);
  if (n_over) parts.push(`${n_over} left out: the limit is ${ITEM_LIMITS.bookmarks} bookmarks`);
  if (invalid.length) parts.push(`${invalid.length} refused, ${invalid[0]}`);
  return { items, message: parts.join('; ') + '.' };
}
