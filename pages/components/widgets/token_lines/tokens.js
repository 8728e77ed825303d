/* data = {key, land, values, causal, images, prompt: address of the prompt page, neuron: “layer.neuron”, maximum, n_visible, first, count,
   baselines, baseline, head: {title, number, colour, label, has_others, size, facts, back: {href, text} or null}, bar (tokens_bar.js),
   pages: [{text, href}], lines: [{t, v, m, k, image, e, p, aside, cut, h, b, d, of: line that it nearly repeats,
   source: [short, long], far, w (tokens_whole.js)}]} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const list = parentElement.querySelector('ol'), tip = parentElement.querySelector('#tip');
  const live = parentElement.querySelector('#live'), values = parentElement.querySelector('#values');
  const fresh = list.drawnKey !== data.key;
  if (fresh) {
    tip.style.display = 'none';            // its token is gone
    list.whole = new Set();
    drawExamples(data, parentElement, list);
    copyMenu(data, parentElement);
  }
  openWholes(data, list);
  const show = (on) => {
    values.setAttribute('aria-pressed', String(on));
    drawValues(data, list, on);
  };
  if (fresh || list.classList.contains('values') !== data.values) show(data.values);
  drawBar(parentElement.querySelector('#bar'), data.bar);
  drawAll(parentElement, data);
  drawPages(data, parentElement, list);
  parentElement.querySelector('.tools').hidden = data.images;   // an image has no text, and one value, which is always shown
  if (!data.images) {
    onKey('v', values);
    wholeKey(parentElement.querySelector('#whole'), list);
  }
  values.onclick = () => {                 // drawn at once; the server's answer follows
    const on = !list.classList.contains('values');
    show(on);
    visit(changed(data.bar, { values: on ? 'on' : '' }));
  };
  list.onpointerover = (event) => {
    const token = event.target.closest('.token, .picture');
    if (token) describe(data, token, tip); else tip.style.display = 'none';
  };
  list.onpointerleave = list.onblur = () => { tip.style.display = 'none'; };
  list.onclick = (event) => {
    const item = event.target.closest('li'), form = event.target.closest('[data-form]')?.dataset.form;
    if (event.target.closest('.repeats')) unfold(item, list);
    else if (form === 'whole') live.textContent = toggleWhole(+item.dataset.example, data, list);
    else if (form) copy(data, parentElement, [data.lines[item.dataset.example]], form);
    else if (item) choose(item, list);
  };
  list.onkeydown = (event) => {
    if (event.target !== list) return;
    const move = data.lines.length ? destination(event.key, list.position ?? [0, -1], data, list) : null;
    if (event.key === 'Escape') tip.style.display = 'none';
    if (!move) return;
    event.preventDefault();
    live.textContent = moveTo(move, data, list, tip);
  };
  if (arrived(data.land, list.landed) || (list.first ?? data.first) !== data.first) land(parentElement.querySelector('header'));
  Object.assign(list, { landed: data.land, first: data.first });
}

function destination(key, [example, token], data, list) {
  const line = data.lines[example], [up, down] = [beside(list, example, -1), beside(list, example, 1)];
  const above = data.lines[up], below = data.lines[down];
  return {
    ...(data.images ? { ArrowRight: token < 0 ? [example, 0] : below && [down, 0], ArrowLeft: above && [up, 0] }
      : { ArrowRight: [example, token + 1], ArrowLeft: [example, token - 1] }),
    ArrowDown: below && [down, below.k], ArrowUp: above && [up, above.k],
    Home: [example, 0], End: [example, line.t.length - 1], Enter: [example, line.k],
  }[key];
}

/* The next example in a direction that is not folded. */
function beside(list, example, by) {
  let i = example + by;
  while (list.children[i]?.hidden && isRepeat(list.children[i])) i += by;
  return i;
}

function moveTo([example, token], data, list, tip) {
  const item = list.children[example];
  item.hidden = false;
  const tokens = item.querySelectorAll('.token');
  const k = Math.max(0, Math.min(tokens.length - 1, token));
  list.querySelectorAll('.on').forEach((old) => old.classList.remove('on'));
  list.position = [example, k];
  choose(item, list);
  tokens[k].classList.add('on');
  tokens[k].scrollIntoView({ block: 'nearest' });
  return `Example ${data.first + example}: ` + describe(data, tokens[k], tip);
}

/* Make an example the current one: its copy buttons are visible and reached by Tab. */
function choose(item, list) {
  list.querySelectorAll('.here').forEach((old) => old.classList.remove('here'));
  list.querySelectorAll('[data-form]').forEach((button) => { button.tabIndex = item.contains(button) ? 0 : -1; });
  item.classList.add('here');
}

/* True if a link has opened another feature. A moved cut renumbers features too, but then the reader watches the tree. */
function arrived(target, last) {
  if (!target || (last && last.of === target.of && last.cut !== target.cut)) return false;
  return last?.of !== target.of || last.what !== target.what;
}

/* Scroll to the feature after a link was followed. */
function land(header) {
  requestAnimationFrame(() => {
    const top = header.getBoundingClientRect().top;
    if (top < 40 || top > innerHeight * 0.75) header.scrollIntoView({ block: 'start' });
  });
}
