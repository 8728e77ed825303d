/* Bookmarks as a table, a row each. */
const COLUMNS = ['atlas', 'layer', 'neuron', 'feature', 'branch', 'embedding', 'cut', 'example', 'pos', 'name', 'own', 'verdict', 'note'];

function asCsv(items) {
  const rows = items.map((item) => {
    const [example, pos] = item.at ?? [null, null];
    return COLUMNS.map((name) => csvCell({ ...item, example, pos }[name]));
  });
  return [COLUMNS, ...rows].map((row) => row.join(',')).join('\r\n') + '\r\n';
}

/* A spreadsheet must not read a text as a formula. */
function csvCell(value) {
  if (typeof value !== 'string') return String(value ?? '');
  const plain = /^\s*[=+@-]/.test(value) ? "'" + value : value;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
