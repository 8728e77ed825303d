/* data = {key, address, kept, usual, suggested, top, colours, cut, asked, current, branch,
   leaves: [{row, text: [before, key, after], image: as of a line (shared.js) or nothing}] from the left,
   branches: [{of: [left, right], x, h, centre, until}] from the lowest, names: [[key terms], [context]] of leaves and
   branches} ; see dendrogram_cut.js for their numbers */
const FOLLOW_EVERY = 250;   // milliseconds: so often the page follows a cut that is being moved

export default function (component) {
  const { data, parentElement } = unpacked(component);
  const [plot, line, tip, live, cuts] = ['plot', 'line', 'tip', 'live', 'cuts'].map((id) => parentElement.querySelector('#' + id));
  const view = (plot.view ??= { at: -1, moving: false });
  if (view.key !== data.key) Object.assign(view, { at: -1, moving: false, from: null });
  const place = JSON.stringify([data.key, data.cut, data.current, data.asked, data.branch]);
  const changed = view.place !== place;
  Object.assign(view, { key: data.key, place, data });
  const show = (cut) => {
    const features = featuresAt(data, cut);
    const from = view.from ?? data;
    const current = data.branch !== null ? -1 : carried(featuresAt(data, from.cut), features, from.current, data.leaves.length);
    Object.assign(view, { cut, features, current });
    hide();
    drawTree(data, plot, view);
    placeLine(data, line, view);
    offer(data, cuts, view);
    mark();
    if (view.moving) view.following ??= setTimeout(followed, FOLLOW_EVERY);
  };
  const followed = () => {
    view.following = null;
    if (view.moving && !outOfDate(plot, view)) goTo(view.cut);
  };
  const goTo = (cut) => {
    const address = addressAtCut(view.data, cut, view.from ?? view.data);
    if (visit(address, Boolean(view.from?.left)) && view.from) view.from.left = true;
    view.steps = stepsTaken();
  };
  const hide = () => { tip.style.display = 'none'; };
  const mark = () => plot.querySelectorAll('.node').forEach((node) => node.classList.toggle('on', +node.dataset.node === view.at));
  const commit = () => {
    clearTimeout(view.timer);
    if (view.from?.left || view.cut !== data.cut) goTo(view.cut);
    Object.assign(view, { moving: false, from: null });
  };
  const node = (number) => plot.querySelector(`[data-node="${number}"]`);
  const say = (number) => nodeTip(data, number, view.features, node(number), tip);
  plot.setAttribute('aria-label', `Dendrogram: ${data.leaves.length} examples in ${count(featuresAt(data, data.cut))} features. ` +
    'Left and right arrows move between examples, up and down between features, Page Up and Page Down along the branches, Enter opens one.');
  moveLine(data, line, plot, view, show, commit);
  if ((changed && !view.moving) || !plot.firstChild) show(data.cut);
  view.observer?.disconnect();
  view.observer = new ResizeObserver(() => { if (plot.clientWidth !== view.width) { view.width = plot.clientWidth; show(view.cut); } });
  view.observer.observe(plot);
  plot.onpointerover = (event) => {
    const found = event.target.closest('.node');
    if (found) say(+found.dataset.node); else hide();
  };
  plot.onpointerleave = plot.onblur = hide;
  plot.onclick = (event) => {
    const found = event.target.closest('.node');
    if (found) follow(event, found.getAttribute('href'));
    else if (event.target.closest('.ground')) view.toAxis(event);
  };
  plot.onkeydown = (event) => {
    if (event.key === 'Escape') hide();
    if (event.key === 'Enter' && view.at >= 0) follow(event, node(view.at).getAttribute('href'));
    const next = nodeAfter(event.key, view.at, data, view.features);
    if (next === null) return;
    event.preventDefault();
    view.at = next;
    mark();
    live.textContent = say(next);
  };
}

/* A leaf with its snippet; a branch point with what hangs below it, and the snippet at its centre. */
function nodeTip(data, number, features, at, tip) {
  const n = data.leaves.length, branch = data.branches[number - n];
  const { image, text: [before, key, after] } = data.leaves[branch ? branch.centre : number];
  const head = branch ? branchWords(data, number, features) : `Feature ${features[number]}`;
  const [terms, context] = data.names[branch ? number : topOf(features, features[number])];
  const name = label(terms, false, context), said = `${head}, ${name.textContent}`;
  if (image) {
    showTip(tip, at.querySelector('.hit') ?? at, element('span', 'of', head), name, imageOf({ image }));
    return `${said}: ${image.words}`;
  }
  const bold = element('b');
  bold.append(element('bdi', '', key));
  showTip(tip, at.querySelector('.hit') ?? at, element('span', 'of', head), name, element('bdi', '', before), bold, element('bdi', '', after));
  return `${said}: ${before}${key}${after}, key token ${key}`;
}

function branchWords(data, number, features) {
  const { h, until } = data.branches[number - data.leaves.length], [from, to] = spans(data)[number];
  const inside = [...new Set(features.slice(from, to + 1))].sort((a, b) => a - b);
  const whose = inside.length > 4 ? `${inside.length} features` : `feature${inside.length > 1 ? 's' : ''} ${inside.join(', ')}`;
  const lives = until === null ? 'holds every example' : `a cluster of its own up to ${until.toFixed(2)} (for ${(until - h).toFixed(2)})`;
  return `Branch point ${number - data.leaves.length} at ${h.toFixed(2)}, ${to - from + 1} examples of ${whose}, ${lives}`;
}

/* The two cuts that can be had by one click. */
function offer(data, cuts, view) {
  const links = [['Atlas’s cut', data.usual], ['Suggested cut', data.suggested]].filter(([, cut]) => cut !== null);
  cuts.replaceChildren(...links.map(([name, cut]) => {
    const n = count(featuresAt(data, cut)), link = element('a', '', `${name} ${cut} · ${n} feature${n === 1 ? '' : 's'}`);
    link.href = addressAtCut(data, cut);
    if (cut === view.cut) link.setAttribute('aria-current', 'true');
    link.onclick = (event) => follow(event, link.href);
    return link;
  }));
}
