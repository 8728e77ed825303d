/* The visitor's verdict on a feature's name, and a name of their own. Both belong to the bookmark of the feature. */
const VERDICT_WORDS = { right: 'The name is right', wrong: 'The name is wrong' };

function connectJudgement(root, data, message) {
  const item = storedBookmark(data), group = root.querySelector('#judge');
  for (const verdict of VERDICTS) {
    const button = group.querySelector('#' + verdict), on = item?.verdict === verdict;
    button.title = VERDICT_WORDS[verdict];
    button.setAttribute('aria-pressed', String(on));
    button.onclick = () => judge(data, { verdict: on ? null : verdict }, message);
  }
  const rename = group.querySelector('#rename');
  rename.setAttribute('aria-pressed', String(Boolean(item?.own)));
  rename.onclick = () => editName(group, data, message);
}

/* Change the bookmark of this view; make one if there is none. */
function judge(data, changes, message) {
  const before = readItems('bookmarks').items, old = storedBookmark(data);
  const item = { ...(old ?? cleanItem(data.bookmark)), ...changes };
  if (!old && before.length >= ITEM_LIMITS.bookmarks) {
    say(message, `The limit of ${ITEM_LIMITS.bookmarks} bookmarks is reached: export them, then remove some.`);
    return;
  }
  const isSame = (each) => bookmarkKey(each) === bookmarkKey(item);
  writeItems('bookmarks', old ? before.map((each) => (isSame(each) ? item : each)) : [item, ...before]);
  say(message, `${judgementWords(item) || 'No verdict'}; kept with the bookmarks.`, () => writeItems('bookmarks', before));
}

/* Enter and leaving the field save the name, Escape does not; an empty name removes it. A name that is too long stays in
   the field. */
function editName(group, data, message) {
  if (group.querySelector('input')) return;
  const field = element('input'), before = storedBookmark(data)?.own ?? '';
  Object.assign(field, { type: 'text', value: before, placeholder: 'your name for it' });
  field.setAttribute('aria-label', 'Own name of this feature');
  let open = true;
  const close = (own) => {
    if (!open) return;
    if (own.length > TEXT_LIMITS.own) {
      field.setAttribute('aria-invalid', 'true');
      say(message, `This name has ${own.length} characters; shorten it to ${TEXT_LIMITS.own} to save it.`);
      return;
    }
    open = false;
    whenReleased(() => field.remove());
    if (own.trim() !== before) judge(data, { own: own.trim() }, message);
  };
  field.onkeydown = (event) => {
    if (event.key === 'Enter') close(field.value);
    if (event.key === 'Escape') close(before);
  };
  field.onblur = () => close(field.value);
  group.append(field);
  field.focus();
}
