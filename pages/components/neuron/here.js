/* data = {key, place: what is shown, as storage.js has it, centres: [example, pos] of the centre of every feature at the
   cut that is shown, previous, next: addresses of the features beside, or null} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const [bar, star, copy, said, moved] = ['here', 'star', 'copy', 'said', 'moved'].map((id) => parentElement.querySelector('#' + id));
  const refresh = () => { drawStar(star, marked(data)); drawMoved(moved, data); };
  for (const [id, key] of [['previous', 'k'], ['next', 'j']]) step(parentElement.querySelector('#' + id), data[id], key);
  star.onclick = () => toggle(data.place, said);
  copy.onclick = () => copyLink(said);
  onKey('b', star);
  onKey('c', copy);
  if (bar.drawnKey !== data.key) {
    bar.drawnKey = data.key;
    said.replaceChildren();
    visited(data.place);
  }
  refresh();
  onItemsChange(bar, refresh);
}

function step(link, href, key) {
  if (href) link.href = href; else link.removeAttribute('href');
  link.setAttribute('aria-disabled', String(!href));
  link.onclick = (event) => { if (href) follow(event, link.href); };
  onKey(key, link);
}

const marked = (data) => readItems('bookmarks').items.find((thing) => bookmarkKey(thing) === bookmarkKey(data.place));

function drawStar(star, bookmark) {
  star.setAttribute('aria-pressed', String(Boolean(bookmark)));
  star.textContent = bookmark ? '★ Bookmarked' : '☆ Bookmark';
}

function toggle(shown, said) {
  const before = readItems('bookmarks').items, others = before.filter((thing) => bookmarkKey(thing) !== bookmarkKey(shown));
  const back = () => writeItems('bookmarks', before);
  if (others.length < before.length) {
    writeItems('bookmarks', others);
    say(said, 'Bookmark removed.', back);
  } else if (before.length >= ITEM_LIMITS.bookmarks) {
    say(said, `The limit of ${ITEM_LIMITS.bookmarks} bookmarks is reached: export them, then remove some.`);
  } else {
    writeItems('bookmarks', [{ ...shown, note: '' }, ...before]);
    say(said, isStorageBlocked() ? 'Bookmarked for this tab only, because the browser blocks storage. Export it from the sidebar.' : 'Bookmarked; the list is in the sidebar.');
  }
}

function visited(shown) {
  const others = readItems('visited').items.filter((thing) => visitKey(thing) !== visitKey(shown));
  writeItems('visited', [shown, ...others].slice(0, ITEM_LIMITS.visited));
}

/* A bookmark knows its central example: when the atlas was made anew, its feature may have got another number. */
function drawMoved(moved, data) {
  const { at } = marked(data) ?? {}, same = (other) => other && at && other[0] === at[0] && other[1] === at[1];
  moved.hidden = !at || !data.place.at || same(data.place.at);
  if (moved.hidden) return;
  const now = data.centres.findIndex(same);
  moved.replaceChildren('The atlas has changed since this was bookmarked. ');
  if (now < 0) { moved.append('The example that stood at the centre is at the centre of none of these features now.'); return; }
  const link = element('a', '', `feature ${now}`);
  link.href = itemAddress({ ...data.place, feature: now, branch: null }, [data.place.atlas]);
  link.onclick = (event) => follow(event, link.href);
  moved.append('What was bookmarked is now ', link, '.');
}
