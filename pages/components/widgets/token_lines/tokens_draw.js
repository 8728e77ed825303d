/* The picture of the examples: their head, a line for each, and the words for what a token's picture says. */
function drawExamples(data, root, list) {
  list.drawnKey = data.key;
  list.at = null;
  drawHead(data, root, list);
  list.style.setProperty('--c', data.head.colour);
  list.classList.toggle('images', data.images);
  list.replaceChildren(...data.lines.map((line, i) => example(line, i, data)));
}

function drawHead(data, root, list) {
  const { head } = data, title = root.querySelector('h3'), count = root.querySelector('#count span');
  const number = head.number === null ? [] : [swatch(head.number, head.colour)];
  title.replaceChildren(...number, element('span', '', head.title), label(head.label, head.more, head.context));
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

/* The rest of this page of examples by a button, other pages by links. */
function drawPages(data, root, list) {
  const made = [], left = data.lines.length - data.shown;
  if (left > 0 && list.lastElementChild.hidden) {
    const more = Object.assign(element('button', '', `Show all ${data.lines.length} examples`), { id: 'more', type: 'button' });
    more.onclick = () => {
      more.remove();
      [...list.children].forEach((child) => { child.hidden = false; });
      list.focus();
    };
    made.push(more);
  }
  root.querySelector('#pages').replaceChildren(...made, ...data.pages.map(({ text, href }) => {
    const link = element('a', '', text);
    link.href = href;
    link.onclick = (event) => follow(event, link.href);
    return link;
  }));
}

function example(line, i, data) {
  const made = element('li');
  made.dataset.example = i;
  made.hidden = i >= data.shown;
  if (line.image) {
    made.append(lineElements(line, data), element('span', 'aside', line.aside), element('span', 'hidden', ' ' + lineWords(line)));
    return made;
  }
  made.append(element('span', 'aside', line.aside));
  if (line.cut[0]) made.append(element('span', 'gap', '… '));
  made.append(tokenElements(line, 0, line.t.length, data));
  if (line.cut[1]) made.append(element('span', 'gap', ' …'));
  made.append(element('span', 'hidden', ' ' + lineWords(line)), copyButtons(i, data));
  return made;
}

/* Numbers as text of their own, which can be selected and copied. */
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

/* What each mask baseline says of a token, where there are several. */
function baselineWords(line, i, data) {
  const values = (line.b ?? []).map((each) => each[i]);
  if (!values.length || values.some((value) => value === null || value === undefined)) return '';
  const by = data.baseline === null ? 'mean of ' : `${data.baselines[data.baseline]}; all: `;
  const all = values.map((value, b) => `${data.baselines[b]} ${signed(value)}`).join(', ');
  return ` (${by}${all})${line.d.includes(i) ? ' · the baselines disagree' : ''}`;
}
