/* Search for points near a position: points by the cells of a grid, in coordinates of 0 to 65535. */
const CELLS = 256;

function gridOf(xy, n) {
  const cell = (i) => (xy[2 * i + 1] >> 8) * CELLS + (xy[2 * i] >> 8);
  const starts = new Uint32Array(CELLS * CELLS + 1), ids = new Uint32Array(n);
  for (let i = 0; i < n; i++) starts[cell(i) + 1]++;
  for (let i = 0; i < CELLS * CELLS; i++) starts[i + 1] += starts[i];
  const next = starts.slice();
  for (let i = 0; i < n; i++) ids[next[cell(i)]++] = i;
  return { starts, ids };
}

/* Call `each` for the points of the cells at a distance of `ring` cells from a cell. */
function onRing(grid, column, row, ring, each) {
  for (let y = Math.max(0, row - ring); y <= Math.min(CELLS - 1, row + ring); y++) {
    const edge = Math.abs(y - row) === ring;
    for (let x = column - ring; x <= column + ring; x += edge || !ring ? 1 : 2 * ring) {
      if (x < 0 || x >= CELLS) continue;
      const cell = y * CELLS + x;
      for (let k = grid.starts[cell]; k < grid.starts[cell + 1]; k++) each(grid.ids[k]);
    }
  }
}

/* Point with the least `distance` from a position, or −1. `distance(dx, dy, id)` is at least the squared distance, or
   Infinity for points to ignore; points beyond `reach` are not searched. */
function nearestPoint(points, x, y, reach, distance) {
  const column = Math.max(0, Math.min(CELLS - 1, x >> 8)), row = Math.max(0, Math.min(CELLS - 1, y >> 8));
  const inside = Math.min(x - (column << 8), (column + 1 << 8) - x, y - (row << 8), (row + 1 << 8) - y);
  let best = -1, least = reach * reach;
  for (let ring = 0; ring < CELLS; ring++) {
    const nearest = (ring - 1) * 256 + Math.max(0, inside);
    if (ring && nearest > 0 && nearest * nearest > least) break;
    onRing(points.grid, column, row, ring, (id) => {
      const value = distance(points.xy[2 * id] - x, points.xy[2 * id + 1] - y, id);
      if (value < least) [least, best] = [value, id];
    });
  }
  return best;
}
