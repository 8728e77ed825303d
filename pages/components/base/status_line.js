/* Show the result of a button press in a line that screen readers announce, with an Undo button where `undo` is given. */
function say(line, text, undo) {
  line.replaceChildren(text);
  if (!undo) return;
  const button = element('button', '', 'Undo');
  button.type = 'button';
  button.onclick = () => { line.replaceChildren('Undone.'); undo(); };
  line.append(' ', button);
}

/* The clipboard API needs a secure address; elsewhere the link is copied from a selected text, or shown to be read. */
async function copyLink(line) {
  try { await navigator.clipboard.writeText(location.href); } catch {
    const field = element('textarea', 'hidden', location.href);
    line.replaceChildren(field);
    field.select();
    if (!document.execCommand('copy')) { say(line, location.href); return; }
  }
  say(line, 'Link of this view copied.');
}
