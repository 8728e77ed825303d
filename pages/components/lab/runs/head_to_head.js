/* data = {key, classes: [text], clean: {title, said}, runs: [{run, kind, title, settings, current, said, n_active, latents:
   [{number, href, current, activation, share, feature, colour, place, effects, images}]}], scale}
   said = {shares, top, right: true, false or null} */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const court = parentElement.querySelector('#court'), tip = parentElement.querySelector('#tip');
  court.onclick = (event) => {
    const link = event.target.closest('tbody tr')?.querySelector('a');
    if (link) follow(event, link.href);
  };
  court.onpointerover = (event) => {
    const at = event.target.closest('[data-words]');
    if (at) showTip(tip, at, at.dataset.words); else tip.style.display = 'none';
  };
  court.onpointerleave = () => { tip.style.display = 'none'; };
  if (court.drawnKey === data.key) return;
  court.drawnKey = data.key;
  tip.style.display = 'none';
  const clean = element('section', 'clean');
  clean.append(element('h4', '', data.clean.title), verdict(data.clean.said, data.classes));
  court.replaceChildren(clean, ...data.runs.map((run) => panel(run, data)));
}

const percent = (share) => (share > 0.9995 ? '100%' : share < 0.0005 ? '0%' : (share * 100).toFixed(share > 0.1 ? 0 : 1) + '%');

function verdict(said, classes) {
  const made = element('div', 'said'), words = element('div', 'verdict'), bars = element('div', 'bars');
  words.append(element('b', '', classes[said.top]));
  const sure = element('small', '', percent(said.shares[said.top]));
  if (said.right !== null) sure.append(' · ', element('span', said.right ? 'right' : 'wrong', said.right ? 'right' : 'wrong'));
  words.append(sure);
  bars.setAttribute('role', 'img');
  bars.setAttribute('aria-label', 'Probabilities: ' + classes.map((name, i) => `${name} ${percent(said.shares[i])}`).join(', '));
  bars.append(...said.shares.map((share, i) => {
    const cell = element('div', 'cell'), bar = element('i', i === said.top ? 'top' : '');
    bar.style.setProperty('--v', share);
    cell.dataset.words = `${classes[i]}: ${percent(share)}`;
    cell.append(bar, element('small', '', classes[i]));
    return cell;
  }));
  made.append(words, bars);
  return made;
}

function panel(run, data) {
  const made = element('section', run.kind), title = element('h4', '', run.title);
  title.append(element('span', '', run.settings));
  made.append(title, verdict(run.said, data.classes));
  if (!run.latents.length) { made.append(element('p', '', 'No latent fires on this picture.')); return made; }
  made.append(latents(run, data), element('p', '', fires(run)));
  return made;
}

function fires(run) {
  const unlike = run.latents.filter((each) => each.feature === null).length;
  const strange = unlike ? ` ${unlike} of those listed find it unlike any image that they were seen to fire on.` : '';
  const all = `${run.n_active} latent${run.n_active === 1 ? '' : 's'} of this run fire${run.n_active === 1 ? 's' : ''} on the picture`;
  return run.latents.length < run.n_active ? `${all}; the ${run.latents.length} strongest are listed.${strange}` : `${all}.${strange}`;
}

function latents(run, data) {
  const table = element('table'), head = element('thead'), body = element('tbody'), line = element('tr');
  const names = element('span', 'names');
  names.append(...data.classes.map((name) => element('span', '', name)));
  const last = element('th');
  last.append('Adds to the logit of', names);
  line.append(element('th', 'number', 'Latent'), element('th', 'act', 'Activation'), element('th', 'feature', 'Feature'), last);
  head.append(line);
  body.append(...run.latents.map((each) => latent(each, data)));
  table.setAttribute('aria-label', `Strongest latents of ${run.title}`);
  table.append(head, body);
  return table;
}

function latent(each, data) {
  const made = element('tr', each.current ? 'current' : ''), first = element('th'), link = element('a', '', String(each.number));
  link.href = each.href;
  if (each.current) link.setAttribute('aria-current', 'true');
  first.scope = 'row';
  first.append(link);
  first.dataset.words = `Latent ${each.number}, active on ${each.images} images of the lab`;
  const act = element('td', 'act', each.activation), level = element('span', 'level');
  level.style.setProperty('--v', each.share);
  act.append(level);
  const feature = element('td');
  feature.dataset.words = each.place;
  feature.append(each.feature === null ? element('span', 'unlike', 'unlike any seen') : swatch(each.feature, each.colour));
  const effects = element('td'), bars = element('div', 'signed');
  bars.setAttribute('role', 'img');
  bars.setAttribute('aria-label', data.classes.map((name, i) => `${name} ${signed(each.effects[i])}`).join(', '));
  bars.append(...each.effects.map((effect, i) => {
    const bar = element('i', effect > 0 ? 'up' : 'down');
    bar.style.setProperty('--v', share(Math.abs(effect), data.scale).toFixed(3));
    bar.dataset.words = `logit of ${data.classes[i]}: ${signed(effect)}`;
    return bar;
  }));
  effects.append(bars);
  made.append(first, act, feature, effects);
  return made;
}
