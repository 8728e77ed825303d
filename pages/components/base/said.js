/* What a press of a button did, said in a line that screen readers hear, with a way back where there is one. */
function say(line, text, undo) {
  line.replaceChildren(text);
  if (!undo) return;
  const button = element('button', '', 'Undo');
  button.type = 'button';
  button.onclick = () => { line.replaceChildren('Undone.'); undo(); };
  line.append(' ', button);
}

/* Browsers give the clipboard to safe addresses alone; elsewhere text that is selected can still be copied, or read. */
async function copyLink(line) {
  try { await navigator.clipboard.writeText(location.href); } catch {
    const field = element('textarea', 'hidden', location.href);
    line.replaceChildren(field);
    field.select();
    if (!document.execCommand('copy')) { say(line, location.href); return; }
  }
  say(line, 'Link of this view copied.');
}
