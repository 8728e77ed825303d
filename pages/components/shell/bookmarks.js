/* data = {atlases: names of the available atlases, atlas: the open one or null} */
const MAX_FILE_BYTES = 1e6;
export default function (component) {
  const { data, parentElement: root } = unpacked(component);
  const find = (id) => root.querySelector('#' + id), status = find('status');
  const refresh = () => {
    for (const list of ['bookmarks', 'visited']) drawList(find(list), list, data, status);
    find('blocked').hidden = !isStorageBlocked();
  };
  for (const list of ['bookmarks', 'visited']) find(list).ontoggle = refresh;
  find('export').onclick = () => exportFile(status, 'json');
  find('csv').onclick = () => exportFile(status, 'csv');
  find('import').onclick = () => find('file').click();
  find('file').onchange = () => importFile(find('file'), status);
  find('clear').onclick = () => clearList('bookmarks', status);
  find('forget').onclick = () => clearList('visited', status);
  find('copy').onclick = () => copyLink(status);
  onKey('c', find('copy'));
  refresh();
  onItemsChange(status, refresh);
}

const WRITERS = {
  json: (items) => JSON.stringify({ format: 'neuron embeddings bookmarks', version: 1, bookmarks: items }, null, 1) + '\n',
  csv: asCsv,
};

function exportFile(status, kind) {
  const { items } = readItems('bookmarks');
  const link = element('a');
  link.href = URL.createObjectURL(new Blob([WRITERS[kind](items)], { type: kind === 'json' ? 'application/json' : 'text/csv' }));
  link.download = `bookmarks.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  say(status, `${counted(items.length)} exported to bookmarks.${kind}.`);
}

async function importFile(input, status) {
  const file = input.files[0];
  if (!file) return;
  if (file.size > MAX_FILE_BYTES) { say(status, 'This file is larger than 1 MB, the limit for a file of bookmarks.'); input.value = ''; return; }
  const before = readItems('bookmarks').items, result = importItems(await file.text(), before);
  input.value = '';                        // so that the same file can be selected again
  if (result.items) writeItems('bookmarks', result.items);
  say(status, result.message, result.items && result.items.length > before.length ? () => writeItems('bookmarks', before) : null);
}

function clearList(list, status) {
  const { items } = readItems(list);
  writeItems(list, []);
  const text = list === 'bookmarks' ? counted(items.length) : `${items.length} visited`;
  say(status, `${text} cleared.`, items.length ? () => writeItems(list, items) : null);
  status.querySelector('button')?.focus();
}

const counted = (n) => `${n} bookmark${n === 1 ? '' : 's'}`;
