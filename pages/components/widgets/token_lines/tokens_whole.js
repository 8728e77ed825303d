/* The whole stored example in place of a row's tokens, on demand: `far` are the texts before and after its window, `w` its
   tokens before the context left some out. The numbers of open rows are in list.whole until other examples are drawn. */

const hasMore = (line) => Boolean(line.open || line.far || line.w);

function wholeButton(i, data) {
  const { open } = data.lines[i];
  const button = Object.assign(element('button', '', open ? 'Only the window' : 'Whole example'), { type: 'button', tabIndex: -1 });
  button.dataset.form = 'whole';
  button.setAttribute('aria-expanded', String(Boolean(open)));
  button.setAttribute('aria-label', `${open ? 'Only the window' : 'The whole'} of example ${data.first + i}`);
  return button;
}

/* One button for the key, since rows come and go: it presses that of the current example, or of the first. */
function wholeKey(button, list) {
  button.onclick = () => (list.querySelector('.here [data-form=whole]') ?? list.querySelector('[data-form=whole]'))?.click();
  onKey('w', button);
}

const wholeLine = (line) => ({ ...line, ...line.w, cut: [false, false], open: true, closed: line });

/* The data of a new run has the lines as they were sent. */
function openWholes(data, list) {
  for (const i of list.whole) data.lines[i] = wholeLine(data.lines[i]);
}

/* Open or close an example; return what is announced. */
function toggleWhole(i, data, list) {
  const open = !list.whole.has(i);
  if (open) list.whole.add(i); else list.whole.delete(i);
  data.lines[i] = open ? wholeLine(data.lines[i]) : data.lines[i].closed;
  redraw(i, data, list);
  return `Example ${data.first + i}: ${open ? 'the whole example' : 'its window'}`;
}

function redraw(i, data, list) {
  const old = list.children[i], item = exampleItem(data.lines[i], i, data), repeats = old.querySelector('.repeats');
  const hadFocus = old.contains(old.getRootNode().activeElement);
  if (repeats) item.append(repeats);
  if (isRepeat(old)) item.dataset.of = old.dataset.of;
  old.replaceWith(item);
  list.position = [i, data.lines[i].k];
  choose(item, list);
  drawValues(data, list, list.classList.contains('values'));
  if (hadFocus) item.querySelector('[data-form=whole]').focus();
}
