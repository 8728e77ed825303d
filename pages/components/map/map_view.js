/* Visible part of the map: `x` and `y` of its centre, 0 to 1 from the left and from below, `zoom` 1 for the whole map;
   and the pointer, wheel and pinch gestures that move it. */
const STEPS = 65535, STILL = 4;   // maximum movement of a click, in pixels

function mapView(stage, furthest, moved) {
  const view = { x: 0.5, y: 0.5, zoom: 1, width: 1, height: 1 };
  Object.defineProperty(view, 'scale', { get: () => view.zoom * Math.min(view.width, view.height) });
  const within = (value, low, high) => Math.max(low, Math.min(high, value));
  view.to = (x, y, zoom) => {
    Object.assign(view, { x: within(x, 0, 1), y: within(y, 0, 1), zoom: within(zoom, 1, furthest()) });
    moved();
  };
  view.size = (width, height) => { Object.assign(view, { width, height }); moved(); };
  view.screen = (x, y) => [view.width / 2 + (x - view.x) * view.scale, view.height / 2 - (y - view.y) * view.scale];
  view.map = (left, top) => [view.x + (left - view.width / 2) / view.scale, view.y - (top - view.height / 2) / view.scale];
  view.pan = (right, down) => view.to(view.x - right / view.scale, view.y + down / view.scale, view.zoom);
  view.zoomAt = (factor, left = view.width / 2, top = view.height / 2) => {
    const [x, y] = view.map(left, top), zoom = within(view.zoom * factor, 1, furthest()), by = view.zoom / zoom;
    view.to(x + (view.x - x) * by, y + (view.y - y) * by, zoom);
  };
  view.box = () => [view.map(0, 0)[0], view.map(view.width, 0)[0], view.map(0, view.height)[1], view.map(0, 0)[1]];
  view.fly = (x, y, zoom) => {
    cancelAnimationFrame(view.flight);
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) { view.to(x, y, zoom); return; }
    const from = [view.x, view.y, Math.log(view.zoom)], until = [x, y, Math.log(within(zoom, 1, furthest()))];
    const began = performance.now();
    const step = (now) => {
      const share = Math.min(1, (now - began) / 250), part = share * (2 - share);
      const [a, b, c] = from.map((each, i) => each + (until[i] - each) * part);
      view.to(a, b, Math.exp(c));
      if (share < 1) view.flight = requestAnimationFrame(step);
    };
    step(began);
  };
  view.nearer = (factor) => {
    const zoom = within(view.zoom * factor, 1, furthest());
    view.fly(view.x, view.y, zoom);
  };
  gestures(stage, view);
  return view;
}

/* One pointer pans, two pinch. `stage.dragged` is true if the click that follows ends a movement. */
function gestures(stage, view) {
  const down = new Map();
  const middle = (points) => [0, 1].map((i) => points.reduce((sum, each) => sum + each[i], 0) / points.length);
  const spread = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]);
  const position = (event) => { const box = stage.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  stage.addEventListener('pointerdown', (event) => {
    if (event.button || event.target.closest('#buttons')) return;
    if (!down.size) stage.dragged = false;
    down.set(event.pointerId, position(event));
    stage.began = position(event);
    cancelAnimationFrame(view.flight);
  });
  stage.addEventListener('pointermove', (event) => {
    if (!down.has(event.pointerId)) return;
    const before = [...down.values()], now = position(event);
    if (!stage.dragged && before.length === 1 && Math.hypot(now[0] - stage.began[0], now[1] - stage.began[1]) < STILL) return;
    stage.dragged = true;
    stage.setPointerCapture(event.pointerId);
    down.set(event.pointerId, now);
    const after = [...down.values()], [from, to] = [middle(before), middle(after)];
    view.pan(to[0] - from[0], to[1] - from[1]);
    if (after.length > 1 && spread(before)) view.zoomAt(spread(after) / spread(before), ...to);
  });
  const up = (event) => down.delete(event.pointerId);
  for (const name of ['pointerup', 'pointercancel', 'lostpointercapture']) stage.addEventListener(name, up);
  stage.addEventListener('wheel', (event) => {
    if (event.deltaY > 0 && view.zoom === 1) return;   // let the page scroll
    event.preventDefault();
    cancelAnimationFrame(view.flight);
    const pixels = event.deltaY * (event.deltaMode ? 30 : 1);
    view.zoomAt(Math.exp(-Math.max(-200, Math.min(200, pixels)) / 250), ...position(event));
  }, { passive: false });
}
