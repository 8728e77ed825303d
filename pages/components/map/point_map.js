/* data = {key, points, search, address, layers: [[number, neurons]], colour, legend: {title, names, colours}, drawn, lit, ring,
   place, furthest, causal, file} ; see point_map.py. The points themselves come through map_channel.js. */
export default function (component) {
  const { data, parentElement } = unpacked(component);
  const stage = parentElement.querySelector('#stage');
  stage.map ??= makeMap(parentElement, stage);
  stage.map.show(data);
  return () => setTimeout(() => { if (!stage.isConnected) stage.map.end(); });
}

function makeMap(root, stage) {
  const shared = (globalThis.neMap ??= { request: {}, details: new Map(), onMessage: null });
  const find = (id) => root.querySelector('#' + id);
  const canvas = stage.querySelector('canvas'), currentMark = find('current'), tip = find('tip'), live = find('live');
  let data, points, states, drawnFor, paint, current = -1, frame = 0, aloud = false, lastPlace = 'null';
  const view = mapView(stage, () => data?.furthest ?? 1, () => { drawSoon(); noteMove(); });
  const brush = painter(canvas, () => { drawnFor = null; refresh(); });
  if (!brush) showNoWebGL(root, stage);

  const drawSoon = () => { frame ||= requestAnimationFrame(() => { frame = 0; draw(); }); };
  const names = () => (shared.regions?.key === data.points ? placedNames(shared.regions.regions, view) : []);
  const draw = () => {
    if (!brush || !points) return;
    if (paint) brush.draw(view, view.width, view.height, { ...paint, lit: data.lit, size: pointSize(points.n, view) });
    drawNames(find('names'), names());
    for (const [mark, id] of [[currentMark, current], [find('ring'), data.ring?.id ?? -1]]) put(mark, id);
  };
  const put = (mark, id) => {
    mark.hidden = id < 0 || !points;
    if (mark.hidden) return;
    const [left, top] = view.screen(points.xy[2 * id] / STEPS, points.xy[2 * id + 1] / STEPS);
    mark.hidden = left < 0 || top < 0 || left > view.width || top > view.height;
    mark.style.transform = `translate(${left}px, ${top}px)`;
  };

  const refresh = () => {
    points = shared.points?.key === data?.points ? shared.points : null;
    if (!points || !brush) return;
    const drawing = [points.key, data.colour, data.drawn, data.lit].join();
    if (drawing !== drawnFor) {
      states = statesOf(points, data.drawn, data.lit);
      brush.upload(points, numbersOf(points, data.layers, data.colour), states);
      drawnFor = drawing;
    }
    paint = paintOf(live);
    brush.palette(data.legend.colours.map((css) => resolved(live, css)));
    goToRing();
    draw();
  };
  const goToRing = () => {
    const id = data.ring?.id ?? -1;
    if (id < 0 || stage.wentTo === id) return;
    stage.wentTo = id;
    if (!data.place) view.to(points.xy[2 * id] / STEPS, points.xy[2 * id + 1] / STEPS, Math.max(view.zoom, nearEnough(points.n)));
  };

  /* Select a point: show its reference at once and its details when they arrive; `spoken` also announces them. */
  const point = (id, spoken = false) => {
    clearTimeout(stage.asking);
    [current, aloud] = [id, spoken];
    drawSoon();
    if (id < 0) { tip.style.display = 'none'; return; }
    const ref = refOf(points, data.layers, id);
    currentMark.href = refHref(data.address, ref);
    currentMark.setAttribute('aria-label', refName(ref, data.names));
    put(currentMark, id);
    const known = shared.details.get(detailsKey(points.key, data.search, id));
    showDetails(known ?? { id, name: refName(ref, data.names) });
    if (!known) stage.asking = later(stage, 90, () => shared.request.details?.(id));
  };
  const detailsKey = (of, search, id) => [of, search, id].join();   // details of a point differ between searches
  const showDetails = (details) => {
    showTip(tip, currentMark, ...tipWords(details, data.causal));
    if (aloud && details.label) live.textContent = spokenWords(details);
  };
  const onMessage = (details) => {
    if (!details) { refresh(); return; }
    if (shared.details.size > 5000) shared.details.clear();
    shared.details.set(detailsKey(data.points, details.search, details.id), details);
    if (details.id === current && details.search === data.search && tip.style.display !== 'none') showDetails(details);
  };
  shared.onMessage = onMessage;

  const isSelectable = (id) => states[id] === (data.lit ? 2 : 1);
  const pick = (event, reach) => {
    const box = stage.getBoundingClientRect(), far = reach / view.scale * STEPS;
    const [x, y] = view.map(event.clientX - box.left, event.clientY - box.top).map((each) => Math.round(each * STEPS));
    const nearest = (test) => nearestPoint(points, x, y, far, (dx, dy, id) => (test(id) ? dx * dx + dy * dy : Infinity));
    const lit = data.lit ? nearest(isSelectable) : -1;
    return lit < 0 ? nearest((id) => states[id] > 0) : lit;
  };
  const step = (arrow) => {
    if (!points) return;
    const from = current < 0
      ? [view.x, view.y].map((each) => Math.round(each * STEPS))
      : [points.xy[2 * current], points.xy[2 * current + 1]];
    const next = current < 0
      ? nearestPoint(points, ...from, 2 * STEPS, (dx, dy, id) => (isSelectable(id) ? dx * dx + dy * dy : Infinity))
      : towards(points, from, arrow, isSelectable);
    if (next < 0) { live.textContent = 'No more points in that direction.'; return; }
    const [x, y] = [points.xy[2 * next] / STEPS, points.xy[2 * next + 1] / STEPS], [left, top] = view.screen(x, y);
    if (left < 20 || top < 20 || left > view.width - 20 || top > view.height - 20) view.to(x, y, view.zoom);
    draw();
    point(next, true);
  };
  const open = (event) => { if (current >= 0) follow(event, currentMark.href); };
  const leave = () => point(-1);

  stage.addEventListener('pointermove', (event) => {
    if (stage.dragged && event.buttons) { point(-1); return; }
    if (points && event.pointerType === 'mouse' && !event.buttons && !event.target.closest('#buttons')) {
      const id = pick(event, 9);
      if (id !== current || aloud) point(id);
    }
  });
  stage.addEventListener('pointerleave', (event) => { if (event.pointerType === 'mouse') leave(); });
  stage.addEventListener('click', (event) => {
    if (event.target.closest('#buttons')) return;
    if (stage.dragged) { event.preventDefault(); stage.dragged = false; return; }
    if (!points) return;
    const id = pick(event, event.pointerType === 'mouse' ? 9 : 22), again = id === current;
    if (!again) point(id);
    if (id >= 0 && (again || event.pointerType === 'mouse')) open(event);   // a first tap shows the details, a second opens
  });
  canvas.addEventListener('keydown', (event) => { if (points) mapKey(event, view, { step, open, leave }); });
  canvas.addEventListener('blur', () => { if (aloud) leave(); });
  find('nearer').onclick = () => view.nearer(2);
  find('further').onclick = () => view.nearer(1 / 2);
  find('whole').onclick = () => view.fly(0.5, 0.5, 1);
  find('save').onclick = async () => {
    if (!paint || !points) return;
    draw();   // in the same task as what follows: a WebGL canvas is cleared after it is displayed
    const marked = data.ring && !find('ring').hidden ? data.ring.id : -1;
    const [left, top] = marked < 0 ? [] : view.screen(points.xy[2 * marked] / STEPS, points.xy[2 * marked + 1] / STEPS);
    const mark = marked < 0 ? null : { left, top, text: find('ring').textContent };
    const blob = await mapPicture(canvas, data.legend, mark, names(), (css) => `rgb(${resolved(live, css)})`);
    saveBlob(blob, data.file);
    live.textContent = 'Map saved as PNG';
  };
  const observer = new ResizeObserver(() => view.size(stage.clientWidth, stage.clientHeight));
  observer.observe(stage);
  canvas.addEventListener('transitionrun', refresh);   // the theme changed: see point_map.css

  /* Update the address and the list when the map stops moving. */
  const noteMove = () => {
    if (!data) return;
    if (current >= 0 && !aloud) point(-1);
    clearTimeout(stage.resting);
    stage.resting = later(stage, 350, () => {
      writePlace(view);
      shared.request.view?.(view.box().map((each) => +each.toFixed(4)));
    });
  };

  return {
    show(next) {
      const first = !data, place = JSON.stringify(next.place);
      data = next;
      shared.onMessage = onMessage;
      if (next.place && place !== lastPlace) view.to(...next.place);
      lastPlace = place;
      if (first) view.size(stage.clientWidth, stage.clientHeight);
      canvas.setAttribute('aria-label', mapWords(data));
      drawLegend(find('legend'), data.legend);
      if (data.ring) find('ring').replaceChildren(data.ring.name + ' ', label(data.ring.label.slice(0, 1), false));
      refresh();
      noteMove();   // the address from the server lacks the visible part
    },
    end() {
      clearTimeout(stage.asking);
      clearTimeout(stage.resting);
      cancelAnimationFrame(frame);
      cancelAnimationFrame(view.flight);
      observer.disconnect();
      brush?.end();
      if (shared.onMessage === onMessage) shared.onMessage = null;
    },
  };
}
