/* data = {key, bookmark: the view as storage.js stores it, centres: [example, pos] of the central example of every
   feature at this cut, previous, next: addresses of these features, or null, outside: address of the neuron on Neuronpedia, or null} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const [bar, star, copy, message, moved] = ['toolbar', 'star', 'copy', 'message', 'moved'].map((id) => parentElement.querySelector('#' + id));
  const refresh = () => {
    drawStar(star, storedBookmark(data));
    drawMoved(moved, data);
    connectJudgement(parentElement, data, message);
  };
  for (const [id, key] of [['previous', 'k'], ['next', 'j']]) connectLink(parentElement.querySelector('#' + id), data[id], key);
  drawOutside(parentElement.querySelector('#outside'), data.outside);
  star.onclick = () => toggle(data.bookmark, message);
  copy.onclick = () => copyLink(message);
  onKey('b', star);
  onKey('c', copy);
  if (bar.drawnKey !== data.key) {
    bar.drawnKey = data.key;
    message.replaceChildren();
    parentElement.querySelector('#judge input')?.remove();
    addVisited(data.bookmark);
  }
  refresh();
  onItemsChange(bar, refresh);
}

function connectLink(link, href, key) {
  if (href) link.href = href; else link.removeAttribute('href');
  link.setAttribute('aria-disabled', String(!href));
  link.onclick = (event) => { if (href) follow(event, link.href); };
  onKey(key, link);
}

function drawOutside(link, href) {
  link.hidden = !href;
  if (href) link.href = href; else link.removeAttribute('href');
}

const storedBookmark = (data) => readItems('bookmarks').items.find((item) => bookmarkKey(item) === bookmarkKey(data.bookmark));

function drawStar(star, bookmark) {
  star.setAttribute('aria-pressed', String(Boolean(bookmark)));
  star.textContent = bookmark ? '★ Bookmarked' : '☆ Bookmark';
}

function toggle(bookmark, message) {
  const before = readItems('bookmarks').items, others = before.filter((item) => bookmarkKey(item) !== bookmarkKey(bookmark));
  const undo = () => writeItems('bookmarks', before);
  if (others.length < before.length) {
    writeItems('bookmarks', others);
    const removed = before.find((item) => !others.includes(item));
    say(message, `Bookmark removed${judgementWords(removed) ? ', with its verdict and name' : ''}.`, undo);
  } else if (before.length >= ITEM_LIMITS.bookmarks) {
    say(message, `The limit of ${ITEM_LIMITS.bookmarks} bookmarks is reached: export them, then remove some.`);
  } else {
    writeItems('bookmarks', [{ ...bookmark, note: '' }, ...before]);
    say(message, isStorageBlocked() ? 'Bookmarked for this tab only, because the browser blocks storage. Export it from the sidebar.' : 'Bookmarked; the list is in the sidebar.');
  }
}

function addVisited(bookmark) {
  const others = readItems('visited').items.filter((item) => visitKey(item) !== visitKey(bookmark));
  writeItems('visited', [bookmark, ...others].slice(0, ITEM_LIMITS.visited));
}

/* In a rebuilt atlas the feature may have another number: its central example identifies it. */
function drawMoved(moved, data) {
  const { at: centre } = storedBookmark(data) ?? {};
  const same = (other) => other && centre && other[0] === centre[0] && other[1] === centre[1];
  moved.hidden = !centre || !data.bookmark.at || same(data.bookmark.at);
  if (moved.hidden) return;
  const feature = data.centres.findIndex(same);
  moved.replaceChildren('The atlas has changed since this bookmark was saved. ');
  if (feature < 0) { moved.append('Its central example is no longer the centre of any of these features.'); return; }
  const link = element('a', '', `feature ${feature}`);
  link.href = itemAddress({ ...data.bookmark, feature, branch: null }, [data.bookmark.atlas]);
  link.onclick = (event) => follow(event, link.href);
  moved.append('The bookmarked feature is now ', link, '.');
}
