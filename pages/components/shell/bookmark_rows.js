/* The rows of one list: a link, its note, and buttons to edit or remove it. Drawn only while the list is open. */
function drawList(box, name, data, status) {
  const { items } = readItems(name), list = box.querySelector('ul');
  box.querySelector('summary span').textContent = items.length || '';
  box.querySelector('.none').hidden = items.length > 0;
  for (const button of box.querySelectorAll('#export, #clear, #forget')) button.hidden = !items.length;
  if (list.querySelector('input')) return;  // a note is being written
  if (!box.open) { list.replaceChildren(); list.drawn = null; return; }
  const drawn = JSON.stringify([items, data.atlas, data.atlases]);
  if (list.drawn === drawn) return;
  list.drawn = drawn;
  list.replaceChildren(...items.map((item) => itemRow(item, name, data, status)));
}

function itemRow(item, name, data, status) {
  const row = element('li'), href = itemAddress(item, data.atlases);
  const link = element(href ? 'a' : 'span', 'to', itemTitle(item) + ' ');
  link.append(element('bdi', '', visibleText(item.name)));
  if (href) { link.href = href; link.onclick = (event) => follow(event, link.href); }
  row.append(link);
  if (name === 'bookmarks') {
    row.append(tool('✎', `Note on ${itemTitle(item)}`, () => editNote(row, item, status)), tool('×', `Remove ${itemTitle(item)}`, () => removeItem(item, status)));
    const judgement = judgementWords(item);
    if (judgement) row.append(element('span', 'note', judgement));
    if (item.note) row.append(element('span', 'note', visibleText(item.note)));
  }
  if (item.atlas !== data.atlas) row.append(element('span', 'note', `atlas ${visibleText(item.atlas)}${href ? '' : ', not available here'}`));
  return row;
}

function tool(sign, title, onClick) {
  const button = element('button', 'tool', sign);
  button.type = 'button';
  button.title = title;
  button.setAttribute('aria-label', title);
  button.onclick = onClick;
  return button;
}

function removeItem(item, status) {
  const before = readItems('bookmarks').items;
  writeItems('bookmarks', before.filter((each) => bookmarkKey(each) !== bookmarkKey(item)));
  say(status, `${itemTitle(item)} removed.`, () => writeItems('bookmarks', before));
  status.querySelector('button').focus();  // the button that had the focus is gone
}

/* Enter and leaving the field save the note, Escape does not. It is saved at once, but the rows are redrawn only when
   the pointer is released: the click of a press that ends the editing would otherwise go to another row, or to none.
   A note that is too long stays in the field until it is shortened: an input with a limit would truncate it silently. */
function editNote(row, item, status) {
  const field = element('input'), isSame = (each) => bookmarkKey(each) === bookmarkKey(item);
  const before = readItems('bookmarks').items.find(isSame)?.note ?? '';
  Object.assign(field, { type: 'text', value: before });
  field.setAttribute('aria-label', `Note on ${itemTitle(item)}`);
  let open = true;
  field.oninput = () => {
    const tooLong = field.value.length > TEXT_LIMITS.note, wasTooLong = field.getAttribute('aria-invalid') === 'true';
    field.setAttribute('aria-invalid', String(tooLong));
    if (tooLong || wasTooLong) say(status, tooLong ? `This note has ${field.value.length} characters; shorten it to ${TEXT_LIMITS.note} to save it.` : '');
  };
  const close = (note) => {
    if (!open) return;
    if (note.length > TEXT_LIMITS.note) { field.oninput(); return; }
    open = false;
    writeItems('bookmarks', readItems('bookmarks').items.map((each) => (isSame(each) ? { ...each, note } : each)));
    whenReleased(() => { field.remove(); dispatchEvent(new Event('ne-storage')); });
  };
  field.onkeydown = (event) => {
    if (event.key === 'Enter') close(field.value);
    if (event.key === 'Escape') close(before);
  };
  field.onblur = () => close(field.value);
  row.append(field);
  field.focus();
}
