/* data = {atlases: names of those that are here, atlas: the open one or null} */
const MOST_BYTES = 1e6;
export default function (component) {
  const { data, parentElement: root } = unpacked(component);
  const find = (id) => root.querySelector('#' + id), said = find('said');
  const refresh = () => {
    for (const name of ['bookmarks', 'visited']) drawList(find(name), name, data, said);
    find('blocked').hidden = !blocked();
  };
  for (const name of ['bookmarks', 'visited']) find(name).ontoggle = refresh;
  find('export').onclick = () => exported(said);
  find('import').onclick = () => find('file').click();
  find('file').onchange = () => imported(find('file'), said);
  find('clear').onclick = () => cleared('bookmarks', said);
  find('forget').onclick = () => cleared('visited', said);
  find('copy').onclick = () => copyLink(said);
  onKey('c', find('copy'));
  refresh();
  whenKept(said, refresh);
}

function exported(said) {
  const { good } = kept('bookmarks');
  const text = JSON.stringify({ format: 'neuron embeddings bookmarks', version: 1, bookmarks: good }, null, 1);
  const link = element('a');
  link.href = URL.createObjectURL(new Blob([text + '\n'], { type: 'application/json' }));
  link.download = 'bookmarks.json';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  say(said, `${counted(good.length)} exported to bookmarks.json.`);
}

async function imported(input, said) {
  const file = input.files[0];
  if (!file) return;
  if (file.size > MOST_BYTES) { say(said, 'This file has more than 1 MB; a file of bookmarks of up to 1 MB can be imported.'); input.value = ''; return; }
  const before = kept('bookmarks').good, found = merged(await file.text(), before);
  input.value = '';                        // so that the same file can be chosen again
  if (found.things) keep('bookmarks', found.things);
  say(said, found.said, found.things && found.things.length > before.length ? () => keep('bookmarks', before) : null);
}

function cleared(name, said) {
  const { good } = kept(name);
  keep(name, []);
  const what = name === 'bookmarks' ? counted(good.length) : `${good.length} visited`;
  say(said, `${what} cleared.`, good.length ? () => keep(name, good) : null);
  said.querySelector('button')?.focus();
}

const counted = (n) => `${n} bookmark${n === 1 ? '' : 's'}`;
