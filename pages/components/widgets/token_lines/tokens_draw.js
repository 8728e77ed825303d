/* Drawing of the examples: the heading, a line for each, and the description of a token. */
function drawExamples(data, root, list) {
  list.drawnKey = data.key;
  list.position = null;
  drawHead(data, root, list);
  list.style.setProperty('--c', data.head.colour);
  list.classList.toggle('images', data.images);
  let n_drawn = 0;
  list.replaceChildren(...data.lines.map((line, i) => {
    const item = exampleItem(line, i, data), repeats = data.lines.filter((other) => other.of === i).length;
    item.hidden = line.of !== undefined || n_drawn++ >= data.n_visible;
    if (line.of !== undefined) item.dataset.of = line.of;
    if (repeats) item.append(repeatsButton(repeats));
    return item;
  }));
}

const isRepeat = (item) => item.dataset.of !== undefined;

/* A button for the near duplicates of an example, which follow it. */
function repeatsButton(n) {
  const button = Object.assign(element('button', 'repeats', `${n} more like this`), { type: 'button' });
  button.setAttribute('aria-expanded', 'false');
  return button;
}

function unfold(item, list) {
  const button = item.querySelector('.repeats'), open = button.getAttribute('aria-expanded') !== 'true';
  button.setAttribute('aria-expanded', String(open));
  list.querySelectorAll(`[data-of="${item.dataset.example}"]`).forEach((other) => { other.hidden = !open; });
}

function drawHead(data, root, list) {
  const { head } = data, title = root.querySelector('h3'), count = root.querySelector('#count span');
  const number = head.number === null ? [] : [swatch(head.number, head.colour)];
  title.replaceChildren(...number, element('span', '', head.title), label(head.label, head.has_others, head.context));
  root.querySelector('.of').textContent = head.size;
  root.querySelector('.facts').replaceChildren(head.facts, ...backLink(head.back));
  count.textContent = count.dataset.count = data.count;
  list.setAttribute('aria-label', `Examples of ${head.title.toLowerCase()}. Arrow keys move between ${data.images ? 'images' : 'tokens and examples'}.`);
}

function backLink(back) {
  if (!back) return [];
  const link = element('a', 'back', back.text);
  link.href = back.href;
  link.onclick = (event) => follow(event, link.href);
  return [' ', link];
}

/* A button for the rest of this page of examples, and links to other pages. */
function drawPages(data, root, list) {
  const buttons = [], isBelow = (child) => child.hidden && !isRepeat(child);
  if ([...list.children].some(isBelow)) {
    const button = Object.assign(element('button', '', `Show all ${data.lines.length} examples`), { id: 'more', type: 'button' });
    button.onclick = () => {
      button.remove();
      [...list.children].filter(isBelow).forEach((child) => { child.hidden = false; });
      list.focus();
    };
    buttons.push(button);
  }
  root.querySelector('#pages').replaceChildren(...buttons, ...data.pages.map(({ text, href }) => {
    const link = element('a', '', text);
    link.href = href;
    link.onclick = (event) => follow(event, link.href);
    return link;
  }));
}

function exampleItem(line, i, data) {
  const item = element('li');
  item.dataset.example = i;
  if (line.image) {
    item.append(lineElements(line, data), element('span', 'aside', line.aside), element('span', 'hidden', ' ' + lineWords(line)));
    return item;
  }
  item.append(element('span', 'aside', line.aside));
  item.append(...lineEnd(line, 0), tokenElements(line, 0, line.t.length, data), ...lineEnd(line, 1));
  item.append(element('span', 'hidden', ' ' + lineWords(line)));
  if (line.source) item.append(sourceElement(line.source));
  item.append(copyButtons(i, data));
  return item;
}

/* What is left out before (0) or after (1) the tokens of a line: the text itself where the whole example is open. */
function lineEnd(line, side) {
  if (line.open && line.far) return [element('bdi', 'far', line.far[side])];
  return line.cut[side] ? [element('span', 'gap', side ? ' …' : '… ')] : [];
}

/* Values as text that can be selected and copied. */
function drawValues(data, list, on) {
  list.classList.toggle('values', on);
  list.querySelectorAll('.value').forEach((old) => old.remove());
  if (!on) return;
  list.querySelectorAll('.token').forEach((token) => {
    const line = data.lines[token.closest('li').dataset.example], k = +token.dataset.i;
    const value = line.v[k], importance = line.m?.[k] ?? null;
    const words = [value === null ? '' : plain(value), importance === null ? '' : signed(importance)].join(' ').trim();
    if (words) token.append(element('small', 'value', `\u2009${words}\u2009`));
  });
}

function describe(data, token, tip) {
  const line = data.lines[token.closest('li').dataset.example], i = +token.dataset.i;
  const words = tokenWords(line, i, data) + baselineWords(line, i, data);
  showTip(tip, token, words);
  return words;
}

/* Importance of a token by each mask baseline, where there are several. */
function baselineWords(line, i, data) {
  const values = (line.b ?? []).map((each) => each[i]);
  if (!values.length || values.some((value) => value === null || value === undefined)) return '';
  const by = data.baseline === null ? 'mean of ' : `${data.baselines[data.baseline]}; all: `;
  const all = values.map((value, b) => `${data.baselines[b]} ${signed(value)}`).join(', ');
  return ` (${by}${all})${line.d.includes(i) ? ' · the baselines disagree' : ''}`;
}
