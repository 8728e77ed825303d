/* data = {key, land, causal, maximum, shown, head: {title, number, colour, label, more, size, facts, back: {href, text} or null},
   lines: [{t, v, m, k, aside}]} */
export default function (component) {
  const { data, parentElement } = component;
  const list = parentElement.querySelector('ol'), tip = parentElement.querySelector('#tip');
  const live = parentElement.querySelector('#live');
  if (list.drawnKey !== data.key) {
    tip.style.display = 'none';            // what it pointed at is gone
    drawExamples(data, parentElement, list);
  }
  list.onpointerover = (event) => {
    const token = event.target.closest('.token');
    if (token) describe(data, token, tip); else tip.style.display = 'none';
  };
  list.onpointerleave = list.onblur = () => { tip.style.display = 'none'; };
  list.onkeydown = (event) => {
    const move = destination(event.key, list.at ?? [0, -1], data);
    if (event.key === 'Escape') tip.style.display = 'none';
    if (!move) return;
    event.preventDefault();
    live.textContent = moveTo(move, data, list, tip);
  };
  if (arrived(data.land, list.landed)) land(parentElement.querySelector('header'));
  list.landed = data.land;
}

function drawExamples(data, root, list) {
  list.drawnKey = data.key;
  list.at = null;
  drawHead(data, root, list);
  list.style.setProperty('--c', data.head.colour);
  list.replaceChildren(...data.lines.map((line, i) => example(line, i, data)));
  const more = root.querySelector('#more');
  more.hidden = data.lines.length <= data.shown;
  more.textContent = `Show all ${data.lines.length} examples`;
  more.onclick = () => {
    more.hidden = true;
    [...list.children].forEach((child) => { child.hidden = false; });
    list.focus();
  };
}

function drawHead(data, root, list) {
  const { head } = data, title = root.querySelector('h3'), values = root.querySelector('#values');
  const number = head.number === null ? [] : [swatch(head.number, head.colour)];
  title.replaceChildren(...number, element('span', '', head.title), label(head.label, head.more));
  root.querySelector('.of').textContent = head.size;
  root.querySelector('.facts').replaceChildren(head.facts, ...backLink(head.back));
  list.setAttribute('aria-label', `Examples of ${head.title.toLowerCase()}, central first. Arrow keys move between tokens and examples.`);
  values.onclick = () => values.setAttribute('aria-pressed', String(list.classList.toggle('values')));
}

function backLink(back) {
  if (!back) return [];
  const link = element('a', 'back', back.text);
  link.href = back.href;
  link.onclick = (event) => follow(event, link.href);
  return [' ', link];
}

function example(line, i, data) {
  const made = element('li');
  made.dataset.example = i;
  made.hidden = i >= data.shown;
  made.append(element('span', 'aside', line.aside));
  made.append(tokenElements(line, 0, line.t.length, data));
  made.querySelectorAll('.token').forEach((token) => {
    const k = +token.dataset.i, value = line.v[k], importance = line.m?.[k] ?? null;
    token.dataset.v = [value === null ? '' : plain(value), importance === null ? '' : signed(importance)].join(' ').trim();
  });
  made.append(element('span', 'hidden', ' ' + lineWords(line)));
  return made;
}

function describe(data, token, tip) {
  const line = data.lines[token.closest('li').dataset.example];
  const words = tokenWords(line, +token.dataset.i, data);
  showTip(tip, token, words);
  return words;
}

function destination(key, [example, token], data) {
  const here = data.lines[example];
  const above = data.lines[example - 1], below = data.lines[example + 1];
  return {
    ArrowRight: [example, token + 1], ArrowLeft: [example, token - 1],
    ArrowDown: below && [example + 1, below.k], ArrowUp: above && [example - 1, above.k],
    Home: [example, 0], End: [example, here.t.length - 1], Enter: [example, here.k],
  }[key];
}

function moveTo([example, token], data, list, tip) {
  const item = list.children[example];
  item.hidden = false;
  const tokens = item.querySelectorAll('.token');
  const k = Math.max(0, Math.min(tokens.length - 1, token));
  list.querySelectorAll('.on, .here').forEach((old) => old.classList.remove('on', 'here'));
  list.at = [example, k];
  item.classList.add('here');
  tokens[k].classList.add('on');
  tokens[k].scrollIntoView({ block: 'nearest' });
  return `Example ${example}: ` + describe(data, tokens[k], tip);
}

/* A link opens a feature; but a moved cut renumbers it under the eyes of who moves it, and they watch the tree. */
function arrived(at, last) {
  if (!at || (last && last.of === at.of && last.cut !== at.cut)) return false;
  return last?.of !== at.of || last.what !== at.what;
}

/* The feature must be on the screen when the link has been followed. */
function land(header) {
  requestAnimationFrame(() => {
    const top = header.getBoundingClientRect().top;
    if (top < 40 || top > innerHeight * 0.75) header.scrollIntoView({ block: 'start' });
  });
}
