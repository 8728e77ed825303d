/* Decode the points encoded by points.py. */
function readPoints(bytes) {
  const { buffer } = bytes.slice(), head = new DataView(buffer);
  const n = head.getUint32(8, true), nNeurons = head.getUint32(12, true);
  let from = 16;
  const take = (Kind, count) => {
    const part = new Kind(buffer, from, count);
    from += part.byteLength;
    return part;
  };
  const xy = take(Uint16Array, 2 * n), counts = take(Uint16Array, nNeurons);
  const size = take(Uint8Array, n), kinds = take(Uint8Array, nNeurons);
  const first = new Uint32Array(nNeurons + 1), owner = new Uint32Array(n);
  counts.forEach((count, i) => {
    first[i + 1] = first[i] + count;
    owner.fill(i, first[i], first[i + 1]);
  });
  const key = [...new Uint8Array(buffer, 0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return { key, n, xy, size, first, owner, kinds, grid: gridOf(xy, n) };
}

/* Layer, neuron and feature of a point; layers = [[number, number of neurons], …]. */
function refOf(points, layers, id) {
  let neuron = points.owner[id];
  const feature = id - points.first[neuron];
  for (const [layer, nNeurons] of layers) {
    if (neuron < nNeurons) return { layer, neuron, feature };
    neuron -= nNeurons;
  }
  return null;
}

/* Same as ref_name of ne_core/atlas/names.py; names = {layer: its name}, or null. */
const refName = ({ layer, neuron, feature }, names) => (names ? `${names[layer]} ${neuron} F${feature}` : `L${layer} N${neuron} F${feature}`);
const refHref = (address, { layer, neuron, feature }) => `${address}&layer=${layer}&neuron=${neuron}&feature=${feature}`;

/* Colour of each point, as an index in the legend. */
function numbersOf(points, layers, colour) {
  if (colour === 'size') return points.size;
  if (colour === 'class') return Uint8Array.from(points.owner, (neuron) => points.kinds[neuron]);
  const numbers = new Uint8Array(points.n);
  let neuron = 0;
  layers.forEach(([, nNeurons], i) => {
    numbers.fill(i, points.first[neuron], points.first[neuron + nNeurons]);
    neuron += nNeurons;
  });
  return numbers;
}

/* State of each point: 0 not drawn, 1 drawn, 2 highlighted by a search. */
function statesOf(points, drawn, lit) {
  const states = new Uint8Array(points.n).fill(1);
  for (const [flags, test] of [[drawn, 0], [lit, 2]]) {
    if (flags === null) continue;
    const bits = Uint8Array.from(atob(flags), (letter) => letter.charCodeAt(0));
    for (let i = 0; i < points.n; i++) if ((bits[i >> 3] >> (i & 7) & 1) === (test ? 1 : 0)) states[i] = test;
  }
  return states;
}
