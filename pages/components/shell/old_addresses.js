/* Sends the browser from an old address to the new one, which takes its place in the history: Back skips both. */
export default function (component) {
  location.replace(unpacked(component).data.href);
}
