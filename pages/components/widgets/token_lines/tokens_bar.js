/* How examples are read: order, context, filters, baseline. Every change is a step to another address.
   bar = {choices: {name: [[value, text]]} with the usual value first, holds: [title, placeholder], longest: characters of
   what is held, range: [low, high], order: [names], query: {}} */
const TITLES = { sort: 'Order', context: 'Context', baseline: 'Masked by' };

function drawBar(form, bar) {
  const shape = JSON.stringify([bar.choices, bar.range]);
  if (form.shape !== shape) {          // built once, so that a control keeps the keyboard while the page follows it
    form.shape = shape;
    form.replaceChildren(...barControls(bar));
  }
  form.onsubmit = (event) => { event.preventDefault(); };
  form.onchange = (event) => { visit(changed(bar, asked(event.target, bar))); };
  for (const [name, options] of Object.entries(bar.choices)) {
    if (options.length) form.elements[name].value = bar.query[name] ?? options[0][0];
  }
  const [low, high] = bar.range;
  const shown = { least: bar.query.least ?? low, most: bar.query.most ?? high, holds: bar.query.holds ?? '' };
  for (const [name, value] of Object.entries(shown)) form.elements[name].value = value;
}

function barControls(bar) {
  const choices = Object.entries(bar.choices).filter(([, options]) => options.length);
  const made = Object.fromEntries(choices.map(([name, options]) => [name, labelled(TITLES[name], select(name, options))]));
  const [low, high] = bar.range;
  const ends = [number('least', 'Least activation, percent of the maximum', low, high),
    '–', number('most', 'Most activation, percent of the maximum', low, high)];
  const holds = Object.assign(element('input'), { type: 'search', name: 'holds', placeholder: bar.holds[1], size: 9 });
  return [made.sort, made.context, labelled('Activation', ...ends, '% of maximum'), labelled(bar.holds[0], holds), made.baseline].filter(Boolean);
}

function labelled(title, ...controls) {
  const only = controls.filter((each) => typeof each !== 'string').length === 1;
  const made = element(only ? 'label' : 'span', 'control');
  made.append(element('span', 'title', title), ...controls);
  return made;
}

function select(name, options) {
  const made = Object.assign(element('select'), { name });
  made.append(...options.map(([value, text]) => Object.assign(element('option', '', text), { value })));
  return made;
}

function number(name, title, min, max) {
  const made = Object.assign(element('input'), { type: 'number', name, min, max, step: 'any' });
  made.setAttribute('aria-label', title);
  return made;
}

/* What a control asks for; the usual value is left out of the address, and so is an end that is no limit. */
function asked(control, bar) {
  const { name, value } = control, [low, high] = bar.range;
  const usual = bar.choices[name]?.[0]?.[0];
  const limits = { least: (end) => end > low, most: (end) => end < high };
  // one character too many stays in the address, so that the page can say so: an input with a limit says nothing
  if (name === 'holds') return { holds: [...value].slice(0, bar.longest + 1).join('') };
  if (limits[name]) return { [name]: value !== '' && limits[name](+value) ? String(+value) : '' };
  return { [name]: value === usual ? '' : value };
}

/* The address with other values, in the order in which the server writes it: it compares addresses as text. */
function changed(bar, values) {
  const first = ['sort', 'least', 'most', 'holds'].some((name) => name in values) ? { page: '' } : {};
  Object.assign(bar.query, first, values);   // the next change may come before the page has followed this one
  return address(bar.order, bar.query);
}

/* The way out of filters. */
function drawAll(root, data) {
  const link = root.querySelector('#count a'), { all, order } = data.bar;
  link.hidden = !all;
  if (!all) return;
  link.textContent = 'Show all';
  link.href = address(order, all);
  link.onclick = (event) => follow(event, link.href);
}

const address = (order, query) => 'neuron?' + order.filter((name) => query[name]).map((name) => `${name}=${encoded(query[name])}`).join('&');

const encoded = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (sign) => '%' + sign.charCodeAt(0).toString(16).toUpperCase())
  .replaceAll('%20', '+');
