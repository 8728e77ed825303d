/* Examples as text to be copied: plainly, a line each, or as a table with a row for every token. */
const COPIED = 4000;   // milliseconds for which the page says so

const asText = (lines) => lines.map((line) => line.t.join('')).join('\n') + '\n';

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

/* A spreadsheet must not take a token for a formula, nor its quotes for the end of a cell. Tokens hold no tabs or line
   breaks: those are shown as signs. */
function cell(text) {
  const plain = /^\s*[=+@-]/.test(text) ? "'" + text : text;
  return plain.includes('"') ? `"${plain.replaceAll('"', '""')}"` : plain;
}

function copyMenu(data, root) {
  const menu = root.querySelector('#copy'), n = data.lines.length;
  const all = n === 1 ? 'The example' : `All ${n}`;
  menu.hidden = !n;
  menu.open = false;
  const made = [['text', `${all} as text`], ['table', `${all} as a table (TSV)`]].map(([form, text]) => {
    const button = Object.assign(element('button', '', text), { type: 'button' });
    button.onclick = () => { menu.open = false; copy(data, root, data.lines, form); };
    return button;
  });
  menu.lastElementChild.replaceChildren(...made);
  menu.onkeydown = (event) => { if (event.key === 'Escape') { menu.open = false; menu.firstElementChild.focus(); } };
  menu.onfocusout = (event) => { if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false; };
}

/* The two buttons of one example; `i` is its place among the lines. */
function copyButtons(i, data) {
  const made = element('span', 'copy');
  made.append(...[['text', 'Copy text'], ['table', 'Copy table']].map(([form, text]) => {
    const button = Object.assign(element('button', '', text), { type: 'button', tabIndex: -1 });
    button.dataset.form = form;
    button.setAttribute('aria-label', `${text} of example ${data.first + i}`);
    return button;
  }));
  return made;
}

async function copy(data, root, lines, form) {
  const text = form === 'table' ? asTable(lines, data) : asText(lines);
  const what = `${lines.length} example${lines.length === 1 ? '' : 's'} as ${form === 'table' ? 'a table' : 'text'}`;
  const byHand = root.querySelector('#byhand');
  byHand.hidden = true;
  if (await written(text, byHand)) said(root, `Copied ${what}.`);
  else said(root, 'The browser does not let this page copy. The text is selected: press Ctrl+C.');
}

/* By the clipboard where the page may use it, else from a text box that stays for the reader where that fails too. */
async function written(text, byHand) {
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

function said(root, words) {
  const note = root.querySelector('#count span');
  note.textContent = words;
  clearTimeout(note.timer);
  note.timer = setTimeout(() => { note.textContent = note.dataset.count; }, COPIED);
}
