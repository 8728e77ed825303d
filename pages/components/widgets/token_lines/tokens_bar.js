/* Controls of the examples: order, context, filters, baseline. Every change is a step to another address.
   bar = {choices: {name: [[value, text]]} with the default first, holds: [title, placeholder], source: the same, or null, longest: characters of
   the text filter, range: [low, high], order: [names], query: {}} */
const TITLES = { sort: 'Order', context: 'Context', baseline: 'Masked by' };

function drawBar(form, bar) {
  const shape = JSON.stringify([bar.choices, bar.range, bar.source]);
  if (form.shape !== shape) {          // built once, so that a control keeps the focus while the page is redrawn
    form.shape = shape;
    form.replaceChildren(...barControls(bar));
  }
  form.onsubmit = (event) => { event.preventDefault(); };
  form.onchange = (event) => { visit(changed(bar, requestedValues(event.target, bar))); };
  for (const [name, options] of Object.entries(bar.choices)) {
    if (options.length) form.elements[name].value = bar.query[name] ?? options[0][0];
  }
  const [low, high] = bar.range;
  const values = { least: bar.query.least ?? low, most: bar.query.most ?? high, holds: bar.query.holds ?? '', ...(bar.source && { source: bar.query.source ?? '' }) };
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
}

function barControls(bar) {
  const choices = Object.entries(bar.choices).filter(([, options]) => options.length);
  const controls = Object.fromEntries(choices.map(([name, options]) => [name, labelled(TITLES[name], select(name, options))]));
  const [low, high] = bar.range;
  const ends = [number('least', 'Lowest activation, percent of the maximum', low, high),
    '–', number('most', 'Highest activation, percent of the maximum', low, high)];
  return [controls.sort, controls.context, labelled('Activation', ...ends, '% of maximum'), textField('holds', bar.holds),
    bar.source && textField('source', bar.source), controls.baseline].filter(Boolean);
}

function labelled(title, ...controls) {
  const isSingle = controls.filter((each) => typeof each !== 'string').length === 1;
  const box = element(isSingle ? 'label' : 'span', 'control');
  box.append(element('span', 'title', title), ...controls);
  return box;
}

function textField(name, [title, placeholder]) {
  return labelled(title, Object.assign(element('input'), { type: 'search', name, placeholder, size: 9 }));
}

function select(name, options) {
  const box = Object.assign(element('select'), { name });
  box.append(...options.map(([value, text]) => Object.assign(element('option', '', text), { value })));
  return box;
}

function number(name, title, min, max) {
  const field = Object.assign(element('input'), { type: 'number', name, min, max, step: 'any' });
  field.setAttribute('aria-label', title);
  return field;
}

/* The parameters of a control's value; empty, and so left out of the address, for the default or an end without limit. */
function requestedValues(control, bar) {
  const { name, value } = control, [low, high] = bar.range;
  const usual = bar.choices[name]?.[0]?.[0];
  const limits = { least: (end) => end > low, most: (end) => end < high };
  // one character too many stays in the address, so that the page reports it: an input with a limit truncates silently
  if (name === 'holds') return { holds: [...value].slice(0, bar.longest + 1).join('') };
  if (limits[name]) return { [name]: value !== '' && limits[name](+value) ? String(+value) : '' };
  return { [name]: value === usual ? '' : value };
}

/* The address with changed values, in the order in which the server writes it: addresses are compared as text. */
function changed(bar, values) {
  const first = ['sort', 'least', 'most', 'holds', 'source'].some((name) => name in values) ? { page: '' } : {};
  Object.assign(bar.query, first, values);   // the next change may come before the page has answered this one
  return address(bar.order, bar.query);
}

/* The link that removes the filters. */
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
