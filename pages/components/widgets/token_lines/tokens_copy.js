/* Copying of examples: as text, a line each, or as a table with a row for every token. */
const MESSAGE_MS = 4000;   // duration of a message

const asText = (lines) => lines.map(lineText).join('\n') + '\n';

const lineText = ({ t, far, open }) => (open && far ? [far[0], ...t, far[1]] : t).join('');

function asTable(lines, data) {
  const importances = data.baselines.map((name) => cell(`importance (${name})`));
  const rows = [['example', 'position', 'key', 'token', 'activation', ...importances]];
  for (const line of lines) {
    line.t.forEach((token, i) => {
      const by = line.b ?? [line.m];
      rows.push([line.e, line.p - line.k + i, i === line.k ? 1 : 0, cell(token), line.v[i] ?? '',
        ...data.baselines.map((_, b) => by[b]?.[i] ?? '')]);
    });
  }
  return rows.map((row) => row.join('\t')).join('\n') + '\n';
}

/* A spreadsheet must not read a token as a formula, nor its quotes as the end of a cell. Displayed tokens have no tabs
   or line breaks. */
function cell(text) {
  const plain = /^\s*[=+@-]/.test(text) ? "'" + text : text;
  return plain.includes('"') ? `"${plain.replaceAll('"', '""')}"` : plain;
}

function copyMenu(data, root) {
  const menu = root.querySelector('#copy'), n = data.lines.length;
  const all = n === 1 ? 'The example' : `All ${n}`;
  menu.hidden = !n;
  menu.open = false;
  const buttons = [['text', `${all} as text`], ['table', `${all} as a table (TSV)`]].map(([form, text]) => {
    const button = Object.assign(element('button', '', text), { type: 'button' });
    button.onclick = () => { menu.open = false; copy(data, root, data.lines, form); };
    return button;
  });
  menu.lastElementChild.replaceChildren(...buttons);
  menu.onkeydown = (event) => { if (event.key === 'Escape') { menu.open = false; menu.firstElementChild.focus(); } };
  menu.onfocusout = (event) => { if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false; };
}

/* The two buttons of the example in line `i`. */
function copyButtons(i, data) {
  const box = element('span', 'copy'), { e, p } = data.lines[i];
  box.append(element('span', 'source', `example ${e}, token ${p}`));
  box.append(...[['text', 'Copy text'], ['table', 'Copy table']].map(([form, text]) => {
    const button = Object.assign(element('button', '', text), { type: 'button', tabIndex: -1 });
    button.dataset.form = form;
    button.setAttribute('aria-label', `${text} of example ${data.first + i}`);
    return button;
  }));
  if (hasMore(data.lines[i])) box.prepend(wholeButton(i, data));
  const { prompt, neuron } = data, number = data.first + i, address = `${prompt}&example=${e}&key=${p}`;
  box.append(promptLink('Open as a prompt', `Open example ${number} as a prompt`, address));
  if (!data.lines[i].m) box.append(promptLink('Compute importance', `Compute importance in example ${number}`, `${address}&why=${neuron}`));
  return box;
}

/* A link to the whole example as a prompt, with its key token picked. */
function promptLink(text, label, address) {
  const link = element('a', '', text);
  link.href = address;
  link.setAttribute('aria-label', label);
  link.onclick = (event) => follow(event, link.href);
  return link;
}

async function copy(data, root, lines, form) {
  const text = form === 'table' ? asTable(lines, data) : asText(lines);
  const what = `${lines.length} example${lines.length === 1 ? '' : 's'} as ${form === 'table' ? 'a table' : 'text'}`;
  const byHand = root.querySelector('#byhand');
  byHand.hidden = true;
  if (await copyText(text, byHand)) showMessage(root, `Copied ${what}.`);
  else showMessage(root, 'This browser does not allow copying. The text is selected: press Ctrl+C.');
}

/* Copy by the clipboard API if allowed, else from a text box, which stays visible for the reader if that fails too. */
async function copyText(text, byHand) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    Object.assign(byHand, { hidden: false, value: text });
    byHand.select();
    const done = document.execCommand('copy');
    byHand.hidden = done;
    return done;
  }
}

function showMessage(root, text) {
  const note = root.querySelector('#count span');
  note.textContent = text;
  clearTimeout(note.timer);
  note.timer = setTimeout(() => { note.textContent = note.dataset.count; }, MESSAGE_MS);
}
