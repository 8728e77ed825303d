/* The map by keyboard: arrows go from point to point, with Shift they move the map; + − 0 magnify; Enter opens. */
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function mapKey(event, view, act) {
  const arrow = ARROWS[event.key];
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (arrow && event.shiftKey) view.pan(-80 * arrow[0], 80 * arrow[1]);
  else if (arrow) act.step(arrow);
  else if (event.key === '+' || event.key === '=') view.nearer(1.6);
  else if (event.key === '-' || event.key === '_') view.nearer(1 / 1.6);
  else if (event.key === '0') view.fly(0.5, 0.5, 1);
  else if (event.key === 'Enter') act.open(event);
  else if (event.key === 'Escape') act.leave();
  else return;
  event.preventDefault();
}

/* The nearest point of those that count in a direction, from a place in steps; between 45 degrees to either side. */
function towards(points, from, [right, up], counts) {
  return leastFrom(points, ...from, 2 * STEPS, (dx, dy, id) => {
    const along = dx * right + dy * up, aside = Math.abs(dx * up) + Math.abs(dy * right);
    return along > 0 && aside <= along && counts(id) ? dx * dx + dy * dy : Infinity;
  });
}
