/* What goes between the server and the map beside the map's own data. As bytes: the points. As {role, told}: a line on
   which the map asks (`setStateValue`), and the answer. All are met in one place of this browser tab. */
export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const met = (globalThis.neMap ??= { ask: {}, told: new Map(), heard: null });
  if (data instanceof Uint8Array || data instanceof ArrayBuffer) {
    if (met.bytes !== data) met.points = readPoints(new Uint8Array(data));
    met.bytes = data;
    met.heard?.();
    return;
  }
  const path = location.pathname;            // of a map that was left nothing is asked: its fragments are gone
  met.ask[data.role] = (value) => { if (parentElement.isConnected && location.pathname === path) setStateValue('asked', value); };
  if (data.told) met.heard?.(data.told);
}
