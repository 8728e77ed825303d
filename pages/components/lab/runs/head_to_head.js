/* data = {key, classes: [text], clean: {title, prediction}, runs: [{run, kind, title, settings, current, prediction,
   n_active, latents: [{number, href, current, activation, share, feature, colour, feature_words, effects, images}]}],
   scale}; prediction = {shares, top, right: true, false or null} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const comparison = parentElement.querySelector('#comparison'), tip = parentElement.querySelector('#tip');
  comparison.onclick = (event) => {
    const link = event.target.closest('tbody tr')?.querySelector('a');
    if (link) follow(event, link.href);
  };
  comparison.onpointerover = (event) => {
    const target = event.target.closest('[data-words]');
    if (target) showTip(tip, target, target.dataset.words); else tip.style.display = 'none';
  };
  comparison.onpointerleave = () => { tip.style.display = 'none'; };
  if (comparison.drawnKey === data.key) return;
  comparison.drawnKey = data.key;
  tip.style.display = 'none';
  const clean = element('section', 'clean');
  clean.append(element('h4', '', data.clean.title), predictionOf(data.clean.prediction, data.classes));
  comparison.replaceChildren(clean, ...data.runs.map((run) => panel(run, data)));
}

const percent = (share) => (share > 0.9995 ? '100%' : share < 0.0005 ? '0%' : (share * 100).toFixed(share > 0.1 ? 0 : 1) + '%');

function predictionOf(prediction, classes) {
  const box = element('div', 'prediction'), words = element('div', 'verdict'), bars = element('div', 'bars');
  words.append(element('b', '', classes[prediction.top]));
  const details = element('small', '', percent(prediction.shares[prediction.top]));
  if (prediction.right !== null) details.append(' · ', element('span', prediction.right ? 'right' : 'wrong', prediction.right ? 'right' : 'wrong'));
  words.append(details);
  bars.setAttribute('role', 'img');
  bars.setAttribute('aria-label', 'Probabilities: ' + classes.map((name, i) => `${name} ${percent(prediction.shares[i])}`).join(', '));
  bars.append(...prediction.shares.map((share, i) => {
    const cell = element('div', 'cell'), bar = element('i', i === prediction.top ? 'top' : '');
    bar.style.setProperty('--v', share);
    cell.dataset.words = `${classes[i]}: ${percent(share)}`;
    cell.append(bar, element('small', '', classes[i]));
    return cell;
  }));
  box.append(words, bars);
  return box;
}

function panel(run, data) {
  const section = element('section', run.kind), title = element('h4', '', run.title);
  title.append(element('span', '', run.settings));
  section.append(title, predictionOf(run.prediction, data.classes));
  if (!run.latents.length) { section.append(element('p', '', 'No latent fires on this picture.')); return section; }
  section.append(latentTable(run, data), element('p', '', activeWords(run)));
  return section;
}

function activeWords(run) {
  const n = run.latents.filter((each) => each.feature === null).length;
  const outside = n ? ` For ${n} of the listed latents the picture belongs to none of their features.` : '';
  const all = `${run.n_active} latent${run.n_active === 1 ? '' : 's'} of this run fire${run.n_active === 1 ? 's' : ''} on the picture`;
  return run.latents.length < run.n_active ? `${all}; the ${run.latents.length} strongest are listed.${outside}` : `${all}.${outside}`;
}

function latentTable(run, data) {
  const table = element('table'), head = element('thead'), body = element('tbody'), line = element('tr');
  const names = element('span', 'names');
  names.append(...data.classes.map((name) => element('span', '', name)));
  const last = element('th');
  last.append('Adds to the logit of', names);
  line.append(element('th', 'number', 'Latent'), element('th', 'act', 'Activation'), element('th', 'feature', 'Feature'), last);
  head.append(line);
  body.append(...run.latents.map((latent) => latentRow(latent, data)));
  table.setAttribute('aria-label', `Strongest latents of ${run.title}`);
  table.append(head, body);
  return table;
}

function latentRow(latent, data) {
  const row = element('tr', latent.current ? 'current' : ''), first = element('th'), link = element('a', '', String(latent.number));
  link.href = latent.href;
  if (latent.current) link.setAttribute('aria-current', 'true');
  first.scope = 'row';
  first.append(link);
  first.dataset.words = `Latent ${latent.number}, active on ${latent.images} images of the lab`;
  const act = element('td', 'act', latent.activation), level = element('span', 'level');
  level.style.setProperty('--v', latent.share);
  act.append(level);
  const feature = element('td');
  feature.dataset.words = latent.feature_words;
  feature.append(latent.feature === null ? element('span', 'outside', 'no feature') : swatch(latent.feature, latent.colour));
  const effects = element('td'), bars = element('div', 'signed');
  bars.setAttribute('role', 'img');
  bars.setAttribute('aria-label', data.classes.map((name, i) => `${name} ${signed(latent.effects[i])}`).join(', '));
  bars.append(...latent.effects.map((effect, i) => {
    const bar = element('i', effect > 0 ? 'up' : 'down');
    bar.style.setProperty('--v', share(Math.abs(effect), data.scale).toFixed(3));
    bar.dataset.words = `logit of ${data.classes[i]}: ${signed(effect)}`;
    return bar;
  }));
  effects.append(bars);
  row.append(first, act, feature, effects);
  return row;
}
