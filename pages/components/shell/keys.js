/* data = {shortcuts: [{key, title, page, press, href}]} */
export default function (component) {
  const { data, parentElement: root } = unpacked(component);
  const dialog = root.querySelector('dialog');
  const open = () => { drawShortcuts(dialog, data.shortcuts); dialog.showModal(); };
  root.querySelector('#open').onclick = open;
  root.querySelector('#close').onclick = () => dialog.close();
  onKey('?', root.querySelector('#open'));
  // captured on the window, before any other listener; a handled key goes no further
  listen(dialog, { keydown: (event) => pressed(event, data.shortcuts, dialog) }, { capture: true });
}

function pressed(event, shortcuts, dialog) {
  const shortcut = shortcuts.find((each) => each.key === event.key);
  if (!shortcut || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && event.key === '?') return;
  if (dialog.open || typing(event) || document.querySelector('[role=dialog]')) return;
  if (!act(shortcut)) return;
  event.preventDefault();
  event.stopPropagation();
}

/* Perform a shortcut; return false where it does nothing on this page. */
function act(shortcut) {
  const target = targetOf(shortcut);
  if (target) press(target);
  else if (shortcut.href) { visit(shortcut.href); if (shortcut.press) pressWhenDrawn(shortcut, 100); }
  return Boolean(target || shortcut.href);
}

function targetOf({ key, press }) {
  const target = press ? document.querySelector(press) : registeredTarget(key);
  return target && !target.disabled && target.getAttribute('aria-disabled') !== 'true' ? target : null;
}

/* A target on the page is preferred to one in the sidebar, which may be closed and hide the result. */
function registeredTarget(key) {
  const targets = (window.neKeys?.[key] ?? []).filter((each) => each.isConnected);
  return targets.find((each) => !each.getRootNode().host?.closest('[data-testid="stSidebar"]')) ?? targets[0];
}

function press(target) {
  if (target.matches('input')) { target.focus(); target.select(); } else target.click();
}

/* Press the target once the new page is drawn; give up when the visitor has gone to another page. */
function pressWhenDrawn(shortcut, tries, step = stepsTaken()) {
  if (step !== stepsTaken()) return;
  const target = targetOf(shortcut);
  if (target) press(target); else if (tries) setTimeout(() => pressWhenDrawn(shortcut, tries - 1, step), 100);
}

function drawShortcuts(dialog, shortcuts) {
  dialog.querySelector('dl').replaceChildren(...shortcuts.map((shortcut) => {
    const row = element('div'), available = shortcut.href || targetOf(shortcut), key = element('dt'), title = element('dd', '', shortcut.title);
    key.append(element('kbd', '', shortcut.key));
    if (!available) { row.className = 'unavailable'; title.append(element('span', '', ' (not on this page)')); }
    row.append(key, title);
    return row;
  }));
}
