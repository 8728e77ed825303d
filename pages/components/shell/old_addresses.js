/* Replace an old address with the new one, in the history too, so that Back does not return to it. */
export default function (component) {
  location.replace(unpacked(component).data.href);
}
