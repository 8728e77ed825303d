/* Names of regions, written over the map: those of the zoom’s level, the largest first, as many as fit without overlap.
   levels = [[[x, y, name], …], …], for magnifications 1, 2, 4, … */
const NAME_HEIGHT = 18, LETTER = 7.5, MOST_NAMES = 40;

function placedNames(levels, view) {
  const last = (levels?.length ?? 0) - 1, level = levels?.[Math.min(last, Math.floor(Math.log2(view.zoom) + 0.01))] ?? [];
  const placed = [];
  for (const [x, y, text] of level) {
    const [left, top] = view.screen(x, y), half = text.length * LETTER / 2 + 8;
    const inside = left > half && top > NAME_HEIGHT && left < view.width - half && top < view.height - NAME_HEIGHT;
    const apart = (each) => Math.abs(each.left - left) > each.half + half || Math.abs(each.top - top) > NAME_HEIGHT;
    if (inside && placed.every(apart)) placed.push({ left, top, half, text });
    if (placed.length === MOST_NAMES) break;
  }
  return placed;
}

function drawNames(box, placed) {
  while (box.children.length < placed.length) box.append(element('bdi'));
  [...box.children].forEach((node, i) => {
    node.hidden = i >= placed.length;
    if (node.hidden) return;
    if (node.textContent !== placed[i].text) node.textContent = placed[i].text;
    node.style.transform = `translate(${placed[i].left}px, ${placed[i].top}px) translate(-50%, -50%)`;
  });
}
