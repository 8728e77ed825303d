/* The rows of one list: a link, its note, and what can be done with it. Drawn only while the list is open. */
function drawList(box, name, data, said) {
  const { good } = kept(name), list = box.querySelector('ul');
  box.querySelector('summary span').textContent = good.length || '';
  box.querySelector('.none').hidden = good.length > 0;
  for (const button of box.querySelectorAll('#export, #clear, #forget')) button.hidden = !good.length;
  if (list.querySelector('input')) return;  // a note is being written
  if (!box.open) { list.replaceChildren(); list.drawn = null; return; }
  const drawn = JSON.stringify([good, data.atlas, data.atlases]);
  if (list.drawn === drawn) return;
  list.drawn = drawn;
  list.replaceChildren(...good.map((thing) => keptRow(thing, name, data, said)));
}

function keptRow(thing, name, data, said) {
  const made = element('li'), href = addressOf(thing, data.atlases);
  const link = element(href ? 'a' : 'span', 'to', spelling(thing) + ' ');
  link.append(element('bdi', '', readable(thing.name)));
  if (href) { link.href = href; link.onclick = (event) => follow(event, link.href); }
  made.append(link);
  if (name === 'bookmarks') {
    made.append(tool('✎', `Note on ${spelling(thing)}`, () => writeNote(made, thing, said)), tool('×', `Remove ${spelling(thing)}`, () => removed(thing, said)));
    if (thing.note) made.append(element('span', 'note', readable(thing.note)));
  }
  if (thing.atlas !== data.atlas) made.append(element('span', 'note', `atlas ${readable(thing.atlas)}${href ? '' : ', which is not here'}`));
  return made;
}

function tool(sign, says, then) {
  const made = element('button', 'tool', sign);
  made.type = 'button';
  made.title = says;
  made.setAttribute('aria-label', says);
  made.onclick = then;
  return made;
}

function removed(thing, said) {
  const before = kept('bookmarks').good;
  keep('bookmarks', before.filter((each) => place(each) !== place(thing)));
  say(said, `${spelling(thing)} removed.`, () => keep('bookmarks', before));
  said.querySelector('button').focus();    // what was pressed is gone
}

/* Enter and leaving the field keep the note, Escape does not. It is kept at once, but the rows are drawn anew only when
   the pointer is let go: a press that ends the writing would else find another row, or none, where its click belongs.
   A note that is too long stays in the field until it is shortened: an input with a limit would cut it without a word. */
function writeNote(row, thing, said) {
  const field = element('input'), same = (each) => place(each) === place(thing);
  const before = kept('bookmarks').good.find(same)?.note ?? '';
  Object.assign(field, { type: 'text', value: before });
  field.setAttribute('aria-label', `Note on ${spelling(thing)}`);
  let open = true;
  field.oninput = () => {
    const over = field.value.length > TEXT.note, was = field.getAttribute('aria-invalid') === 'true';
    field.setAttribute('aria-invalid', String(over));
    if (over || was) say(said, over ? `A note has at most ${TEXT.note} characters, this one has ${field.value.length}: shorten it to keep it.` : '');
  };
  const close = (note) => {
    if (!open) return;
    if (note.length > TEXT.note) { field.oninput(); return; }
    open = false;
    keep('bookmarks', kept('bookmarks').good.map((each) => (same(each) ? { ...each, note } : each)));
    whenReleased(() => { field.remove(); dispatchEvent(new Event('ne-kept')); });
  };
  field.onkeydown = (event) => {
    if (event.key === 'Enter') close(field.value);
    if (event.key === 'Escape') close(before);
  };
  field.onblur = () => close(field.value);
  row.append(field);
  field.focus();
}
