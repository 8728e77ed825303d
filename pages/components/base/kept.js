/* What this browser keeps: bookmarks, and the features that were last visited. A kept thing is
   {atlas, layer, neuron, feature, branch, cut, at: [example, pos] or null, name, note}: feature, branch and cut are
   null where the address names none. Everything read back is checked as a file of a stranger's would be. */

const KEPT = { bookmarks: 2000, visited: 30 };   // at most so many
const TEXT = { atlas: 200, name: 200, note: 500 };  // characters
const MARKS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;  // would turn or hide other text
const HELD = (window.neKept ??= {});             // in place of storage where that is blocked: this tab's alone

const wholeNumber = (value, most) => Number.isInteger(value) && value >= 0 && value <= most;
const readable = (text) => text.replace(MARKS, (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);

/* What is wrong with a kept thing, in words that say what would have been right; null where nothing is. */
function fault(thing) {
  if (typeof thing !== 'object' || thing === null || Array.isArray(thing)) return 'must be an object like {"atlas": "demo", "layer": 0, "neuron": 3, "feature": 1}';
  if (typeof thing.atlas !== 'string' || !thing.atlas || thing.atlas.length > TEXT.atlas) return '“atlas” must be the name of an atlas';
  for (const name of ['layer', 'neuron']) if (!wholeNumber(thing[name], 1e8)) return `“${name}” must be a whole number from 0 on`;
  for (const name of ['feature', 'branch']) if (!absent(thing[name]) && !wholeNumber(thing[name], 1e6)) return `“${name}” must be a whole number from 0 on, or null`;
  if (!absent(thing.cut) && !(typeof thing.cut === 'number' && thing.cut >= 0 && thing.cut <= 2)) return '“cut” must be a number from 0 to 2, or null';
  if (!absent(thing.at) && !(Array.isArray(thing.at) && thing.at.length === 2 && thing.at.every((each) => wholeNumber(each, 2 ** 31)))) return '“at” must be two whole numbers, example and position, or null';
  for (const name of ['name', 'note']) if (!absent(thing[name]) && typeof thing[name] !== 'string') return `“${name}” must be a text`;
  return null;
}

const absent = (value) => value === undefined || value === null;

/* A good thing with its own fields and no others, texts cut to their length. */
function clean(thing) {
  const numbers = Object.fromEntries(['feature', 'branch', 'cut', 'at'].map((name) => [name, thing[name] ?? null]));
  const texts = Object.fromEntries(['name', 'note'].map((name) => [name, (thing[name] ?? '').slice(0, TEXT[name])]));
  return { atlas: thing.atlas, layer: thing.layer, neuron: thing.neuron, ...numbers, ...texts };
}

/* Two bookmarks of one place are one; of a feature that is visited at several cuts the last visit counts. */
const place = (thing) => JSON.stringify([thing.atlas, thing.layer, thing.neuron, thing.branch === null ? thing.feature ?? 0 : null, thing.branch, thing.cut]);
const visitPlace = (thing) => place({ ...thing, cut: null });

/* Where storage is blocked or full, what was written last is held for this tab. */
function stored(name) {
  if (name in HELD) return HELD[name];
  try { return localStorage.getItem('ne-' + name); } catch { return null; }
}

/* {good: things in order, others: what is kept and not understood, whole: whether the text was a list at all} */
function kept(name) {
  const text = stored(name);
  if (text === null) return { good: [], others: [], whole: true };
  try {
    const all = JSON.parse(text);
    return { good: all.filter((thing) => !fault(thing)).map(clean), others: all.filter(fault), whole: true };
  } catch { return { good: [], others: [], whole: false }; }
}

/* Things of a later version are carried along; a text that is no list is put aside before it is written over. */
function keep(name, things) {
  const before = kept(name);
  try {
    if (!before.whole) localStorage.setItem(`ne-${name}-unreadable`, stored(name));
    localStorage.setItem('ne-' + name, JSON.stringify([...things, ...before.others]));
    delete HELD[name];
  } catch { HELD[name] = JSON.stringify(things); }
  dispatchEvent(new Event('ne-kept'));
}

const blocked = () => Object.keys(HELD).length > 0 || !storageOpen();
function storageOpen() {
  try { return localStorage !== null; } catch { return false; }
}

/* Calls `then` when anything kept changes, here or in another tab. */
function whenKept(root, then) {
  listen(root, { 'ne-kept': then, storage: (event) => { if (event.key === null || event.key.startsWith('ne-')) then(); } });
}

/* Made from checked numbers, and from the name of an atlas that is here; null for one that is not. */
function addressOf(thing, atlases) {
  if (!atlases.includes(thing.atlas)) return null;
  const said = ['layer', 'neuron', 'feature', 'cut', 'branch'].filter((name) => thing[name] !== null)
    .map((name) => `${name}=${name === 'cut' ? +thing.cut.toFixed(4) : thing[name]}`);
  return `neuron?atlas=${encodeURIComponent(thing.atlas)}&${said.join('&')}`;
}

function spelling(thing) {
  const what = thing.branch !== null ? ` branch ${thing.branch}` : thing.feature !== null ? ` F${thing.feature}` : '';
  return `L${thing.layer} N${thing.neuron}${what}${thing.cut === null ? '' : ` at cut ${+thing.cut.toFixed(4)}`}`;
}

/* Bookmarks of a file put to those there are. {things: all of them, said: what happened, in a line} */
function merged(text, old) {
  let list;
  try { list = JSON.parse(text); } catch { return { said: 'This file is not JSON. A file that “Export” here has written can be imported.' }; }
  list = Array.isArray(list) ? list : list?.bookmarks;
  if (!Array.isArray(list)) return { said: 'This file holds no list of bookmarks. A file that “Export” here has written can be imported.' };
  const things = [...old], there = new Set(old.map(place)), wrong = [];
  let known = 0, over = 0, cut = 0;
  list.forEach((thing, i) => {
    const why = fault(thing);
    if (why) { wrong.push(`entry ${i}: ${why}`); return; }
    const good = clean(thing);
    if (there.has(place(good))) known++;
    else if (things.length >= KEPT.bookmarks) over++;
    else {
      there.add(place(good));
      things.push(good);
      cut += ['name', 'note'].some((name) => (thing[name] ?? '').length > TEXT[name]);
    }
  });
  const said = [`${things.length - old.length} imported`];
  if (known) said.push(`${known} were here already`);
  if (cut) said.push(`${cut} had a note or a name that was too long, of which the first ${TEXT.note} and ${TEXT.name} characters are here`);
  if (over) said.push(`${over} left out: ${KEPT.bookmarks} bookmarks is the most there can be`);
  if (wrong.length) said.push(`${wrong.length} refused, ${wrong[0]}`);
  return { things, said: said.join('; ') + '.' };
}
