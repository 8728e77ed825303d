/* Keyboard control of the map: arrow keys go from point to point, with Shift they pan; + − 0 zoom; Enter opens. */
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

/* Nearest selectable point in a direction (within 45 degrees) from a position. */
function towards(points, from, [right, up], counts) {
  return nearestPoint(points, ...from, 2 * STEPS, (dx, dy, id) => {
    const along = dx * right + dy * up, aside = Math.abs(dx * up) + Math.abs(dy * right);
    return along > 0 && aside <= along && counts(id) ? dx * dx + dy * dy : Infinity;
  });
}
