/* The score of a game: right answers, the interval of their share, and chance; at the end by layer and by class. */
const inPercent = (share) => `${Math.round(100 * share)} %`;

function scoreWords(results, data) {
  const { n, right, low, high } = counted(results, data), { chance } = data;
  if (!n) return `No question answered yet. By chance 1 answer in ${Math.round(1 / chance)} is right.`;
  const verdict = low > chance ? 'is above' : high < chance ? 'is below' : 'includes';
  return `Score: ${right} of ${n} right, ${inPercent(right / n)}; the 95 % interval, ${inPercent(low)} to ${inPercent(high)}, ${verdict} chance, ${inPercent(chance)}.`;
}

function counted(results, data) {
  const right = results.filter(isRight).length, n = results.length;
  const [low, high] = data.intervals[n][right];
  return { n, right, low, high };
}

/* Tables of a finished game. */
function splitTables(results, data) {
  return [
    table('Layer', Object.entries(data.layers).map(([layer, name]) => [name, results.filter((each) => String(each.layer) === layer)]), data),
    table('Class', Object.entries(data.classes).map(([kind, name]) => [name, results.filter((each) => each.class === kind)]), data),
  ];
}

function table(title, groups, data) {
  const all = element('table'), body = element('tbody'), head = element('tr');
  for (const text of [title, 'Right', '95 % interval']) head.append(Object.assign(element('th', '', text), { scope: 'col' }));
  for (const [name, results] of groups.filter(([, each]) => each.length)) {
    const { n, right, low, high } = counted(results, data), row = element('tr');
    row.append(Object.assign(element('th', '', name), { scope: 'row' }), element('td', '', `${right} of ${n}`), element('td', '', `${inPercent(low)} to ${inPercent(high)}`));
    body.append(row);
  }
  all.append(element('caption', '', `By ${title.toLowerCase()}`), element('thead'), body);
  all.tHead.append(head);
  return all;
}
