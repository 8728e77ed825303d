/* Messages between the server and the map, apart from the map's own data. Bytes: the points. {regions}: the names of
   regions. {role, details}: a channel for the map's requests (`setStateValue`), and the answer. All share one object of this browser tab. */
export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const shared = (globalThis.neMap ??= { request: {}, details: new Map(), onMessage: null });
  if (data instanceof Uint8Array || data instanceof ArrayBuffer) {
    if (shared.bytes !== data) shared.points = readPoints(new Uint8Array(data));
    shared.bytes = data;
    shared.onMessage?.();
    return;
  }
  if (data.regions) {
    shared.regions = data;
    shared.onMessage?.();
    return;
  }
  const path = location.pathname;            // no requests after the page was left: its fragments are gone
  shared.request[data.role] = (value) => { if (parentElement.isConnected && location.pathname === path) setStateValue('request', value); };
  if (data.details) shared.onMessage?.(data.details);
}
