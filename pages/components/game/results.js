/* Results of the game in this browser: {atlas, seed, level, question, id, layer, neuron, feature, sibling, class, answer,
   chosen}. Everything that is read back is checked like an untrusted file. */
const MOST_RESULTS = 5000;
const NUMBERS = { seed: 1e9, question: 1e6, layer: 1e8, neuron: 1e8, feature: 1e6, sibling: 1e6, answer: 5, chosen: 5 };  // and their limits
const TEXTS = { atlas: 200, level: 40, id: 64, class: 40 };
const RESULT = { problem: resultProblem, clean: cleanResult };

function resultProblem(result) {
  if (typeof result !== 'object' || result === null) return 'must be an object';
  for (const [name, most] of Object.entries(NUMBERS)) if (!isWholeNumber(result[name], most)) return `“${name}” must be a whole number`;
  for (const [name, longest] of Object.entries(TEXTS)) if (typeof result[name] !== 'string' || result[name].length > longest) return `“${name}” must be a text`;
  return null;
}

function cleanResult(result) {
  return Object.fromEntries([...Object.keys(TEXTS), ...Object.keys(NUMBERS)].map((name) => [name, result[name]]));
}

const allResults = () => readItems('game', RESULT).items;
const writeResults = (results) => writeItems('game', results.slice(-MOST_RESULTS), RESULT);
const isRight = (result) => result.chosen === result.answer;

/* The result of each question of this game, or undefined; one of a former atlas of the same name has another id. */
function resultsOf(data) {
  const { atlas, seed, level } = data.result;
  const own = allResults().filter((each) => each.atlas === atlas && each.seed === seed && each.level === level);
  return data.ids.map((id, question) => own.find((each) => each.question === question && each.id === id));
}

/* The first choice counts. */
function addResult(data, chosen) {
  if (!resultsOf(data)[data.result.question]) writeResults([...allResults(), { ...data.result, chosen }]);
}

function resultsAsCsv() {
  const columns = ['atlas', 'seed', 'level', 'question', 'layer', 'neuron', 'feature', 'sibling', 'class', 'answer', 'chosen'];
  const rows = allResults().map((result) => [...columns.map((name) => csvCell(result[name])), isRight(result) ? 1 : 0]);
  return [[...columns, 'right'], ...rows].map((row) => row.join(',')).join('\r\n') + '\r\n';
}

/* A spreadsheet must not read a text as a formula, nor its quotes, commas and line breaks as ends of a cell. */
function csvCell(value) {
  const text = /^\s*[=+@-]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function exportResults(status) {
  const link = element('a'), { length } = allResults();
  link.href = URL.createObjectURL(new Blob([resultsAsCsv()], { type: 'text/csv' }));
  link.download = 'intruder-game.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  say(status, `${length} result${length === 1 ? '' : 's'} exported to intruder-game.csv.`);
}

function clearResults(status) {
  const before = allResults();
  writeResults([]);
  say(status, `${before.length} result${before.length === 1 ? '' : 's'} cleared.`, () => writeResults(before));
  status.querySelector('button').focus();
}
