/* data = {shortcuts: [{key, says, page, press, href}]} */
export default function (component) {
  const { data, parentElement: root } = unpacked(component);
  const dialog = root.querySelector('dialog');
  const open = () => { drawShortcuts(dialog, data.shortcuts); dialog.showModal(); };
  root.querySelector('#open').onclick = open;
  root.querySelector('#close').onclick = () => dialog.close();
  onKey('?', root.querySelector('#open'));
  // the window hears first, and what is done here nobody else does
  listen(dialog, { keydown: (event) => pressed(event, data.shortcuts, dialog) }, { capture: true });
}

function pressed(event, shortcuts, dialog) {
  const found = shortcuts.find((each) => each.key === event.key);
  if (!found || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && event.key === '?') return;
  if (dialog.open || typing(event) || document.querySelector('[role=dialog]')) return;
  if (!act(found)) return;
  event.preventDefault();
  event.stopPropagation();
}

function typing(event) {
  const at = event.composedPath()[0];
  return at instanceof Element && (at.matches('input, textarea, select, [role=combobox], [role=textbox], [role=listbox]') || at.isContentEditable);
}

/* Whether there was something to do on this page. */
function act(shortcut) {
  const target = targetOf(shortcut);
  if (target) press(target);
  else if (shortcut.href) { visit(shortcut.href); if (shortcut.press) whenThere(shortcut, 100); }
  return Boolean(target || shortcut.href);
}

function targetOf({ key, press }) {
  const found = press ? document.querySelector(press) : announced(key);
  return found && !found.disabled && found.getAttribute('aria-disabled') !== 'true' ? found : null;
}

/* What says in the page that it was pressed goes before the same in the sidebar, which may be closed. */
function announced(key) {
  const there = (window.neKeys?.[key] ?? []).filter((each) => each.isConnected);
  return there.find((each) => !each.getRootNode().host?.closest('[data-testid="stSidebar"]')) ?? there[0];
}

function press(target) {
  if (target.matches('input')) { target.focus(); target.select(); } else target.click();
}

/* The page is on its way; whoever goes on to another one meanwhile is not held by it. */
function whenThere(shortcut, tries, began = stepsTaken()) {
  if (began !== stepsTaken()) return;
  const target = targetOf(shortcut);
  if (target) press(target); else if (tries) setTimeout(() => whenThere(shortcut, tries - 1, began), 100);
}

function drawShortcuts(dialog, shortcuts) {
  dialog.querySelector('dl').replaceChildren(...shortcuts.map((shortcut) => {
    const made = element('div'), there = shortcut.href || targetOf(shortcut), key = element('dt'), says = element('dd', '', shortcut.says);
    key.append(element('kbd', '', shortcut.key));
    if (!there) { made.className = 'away'; says.append(element('span', '', ' (not here)')); }
    made.append(key, says);
    return made;
  }));
}
