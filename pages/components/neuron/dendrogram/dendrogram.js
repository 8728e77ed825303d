/* data = {key, address, query: further parameters of every address, default_cut, default_names: [its mark, its link], suggested, top, colours, colour_of: index of each node's colour, cut,
   requested: true if the address names a feature, current, branch,
   leaves: [{row, text: [before, key, after], image: optional, as in a line (shared.js)}] from the left,
   branches: [{of: [left, right], x, h, centre, until}] from the lowest, names: [[key terms], [context]] of leaves and
   branches}; see cut.js for the numbers of nodes */
const FOLLOW_EVERY = 250;   // milliseconds between updates of the page while the cut moves

export default function (component) {
  const { data, parentElement } = unpacked(component);
  const [plot, line, tip, live, cuts] = ['plot', 'line', 'tip', 'live', 'cuts'].map((id) => parentElement.querySelector('#' + id));
  const view = (plot.view ??= { node: -1, moving: false });
  if (view.key !== data.key) Object.assign(view, { node: -1, moving: false, from: null });
  const state = JSON.stringify([data.key, data.cut, data.current, data.requested, data.branch]);
  const changed = view.state !== state;
  Object.assign(view, { key: data.key, state, data });
  const show = (cut) => {
    const features = featuresAt(data, cut);
    const from = view.from ?? data;
    const current = data.branch !== null ? -1 : featureWithMost(featuresAt(data, from.cut), features, from.current, data.leaves.length);
    Object.assign(view, { cut, features, current, tops: topsOf(features) });
    hide();
    drawTree(data, plot, view);
    placeLine(data, line, view);
    showCutLinks(data, cuts, view);
    mark();
    if (view.moving) view.following ??= setTimeout(followCut, FOLLOW_EVERY);
  };
  const followCut = () => {
    view.following = null;
    if (view.moving && !outOfDate(plot, view)) goTo(view.cut);
  };
  const goTo = (cut) => {
    const address = addressAtCut(view.data, cut, view.from ?? view.data);
    if (visit(address, Boolean(view.from?.left)) && view.from) view.from.left = true;
    view.steps = stepsTaken();
  };
  const hide = () => { tip.style.display = 'none'; };
  const mark = () => plot.querySelectorAll('.node').forEach((node) => node.classList.toggle('on', +node.dataset.node === view.node));
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
    const target = event.target.closest('.node');
    if (target) say(+target.dataset.node); else hide();
  };
  plot.onpointerleave = plot.onblur = hide;
  plot.onclick = (event) => {
    const target = event.target.closest('.node');
    if (target) follow(event, target.getAttribute('href'));
    else if (event.target.closest('.ground')) view.toAxis(event);
  };
  plot.onkeydown = (event) => {
    if (event.key === 'Escape') hide();
    if (event.key === 'Enter' && view.node >= 0) follow(event, node(view.node).getAttribute('href'));
    const next = nodeAfter(event.key, view.node, data, view.features);
    if (next === null) return;
    event.preventDefault();
    view.node = next;
    mark();
    live.textContent = say(next);
  };
}

/* Show the snippet of a leaf, or for a branch point its examples and the snippet of its central one. Return the words. */
function nodeTip(data, number, features, node, tip) {
  const n = data.leaves.length, branch = data.branches[number - n];
  const { image, text: [before, key, after] } = data.leaves[branch ? branch.centre : number];
  const head = branch ? branchWords(data, number, features) : `Feature ${features[number]}`;
  const [terms, context] = data.names[branch ? number : topOf(features, features[number])];
  const name = label(terms, false, context), words = `${head}, ${name.textContent}`;
  if (image) {
    showTip(tip, node.querySelector('.hit') ?? node, element('span', 'of', head), name, imageOf({ image }));
    return `${words}: ${image.words}`;
  }
  const bold = element('b');
  bold.append(element('bdi', '', key));
  showTip(tip, node.querySelector('.hit') ?? node, element('span', 'of', head), name, element('bdi', '', before), bold, element('bdi', '', after));
  return `${words}: ${before}${key}${after}, key token ${key}`;
}

function branchWords(data, number, features) {
  const { h, until } = data.branches[number - data.leaves.length], [from, to] = spans(data)[number];
  const inside = [...new Set(features.slice(from, to + 1))].sort((a, b) => a - b);
  const owner = inside.length > 4 ? `${inside.length} features` : `feature${inside.length > 1 ? 's' : ''} ${inside.join(', ')}`;
  const extent = until === null ? 'holds every example' : `a separate cluster up to ${until.toFixed(2)} (for ${(until - h).toFixed(2)})`;
  return `Branch point ${number - data.leaves.length} at ${h.toFixed(2)}, ${to - from + 1} examples of ${owner}, ${extent}`;
}

/* Links to the default cut and the suggested one. */
function showCutLinks(data, cuts, view) {
  const links = [[data.default_names[1], data.default_cut], ['Suggested cut', data.suggested]].filter(([, cut]) => cut !== null);
  cuts.replaceChildren(...links.map(([name, cut]) => {
    const n = count(featuresAt(data, cut)), link = element('a', '', `${name} ${cut} · ${n} feature${n === 1 ? '' : 's'}`);
    link.href = addressAtCut(data, cut);
    if (cut === view.cut) link.setAttribute('aria-current', 'true');
    link.onclick = (event) => follow(event, link.href);
    return link;
  }));
}
