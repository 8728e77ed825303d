/* data = {key, label, maximum, causal, images, lines: six of lines.py, result: see results.js, without the choice,
   facts: [{title, number, colour, name, href, label, context, has_others}] of the five and the intruder, why: a sentence,
   ids, addresses: of each question, layers, classes: {key: name}, chance, intervals: [n][right] -> [low, high]} */
export default function (component) {
  const { data, parentElement: root } = unpacked(component);
  const find = (id) => root.querySelector('#' + id), list = find('examples'), status = find('status');
  if (list.drawnKey !== data.key) {
    list.drawnKey = data.key;
    drawExamples(data, list);
    say(status, '');
  }
  const refresh = () => drawResults(data, find);
  const choose = (i) => { if (i < data.lines.length && !resultsOf(data)[data.result.question]) { addResult(data, i); showAnswer(find); } };
  list.onclick = (event) => {
    const choice = event.target.closest('button');
    if (choice) choose(+choice.dataset.i);
  };
  for (const id of ['questions', 'facts', 'next']) find(id).onclick = (event) => {
    const link = event.target.closest('a[href]');
    if (link) follow(event, link.href);
  };
  find('export').onclick = () => exportResults(status);
  find('clear').onclick = () => clearResults(status);
  refresh();
  onItemsChange(status, refresh);
  listen(list, { keydown: (event) => pressed(event, choose, find('next')) });
  onKey('1–6', list);
  onKey('Enter ↵', find('next'));
}

function drawExamples(data, list) {
  list.setAttribute('aria-label', data.label);
  list.classList.toggle('images', data.images);
  list.replaceChildren(...data.lines.map((line, i) => {
    const item = element('li'), choice = element('button', 'choice');
    choice.type = 'button';
    choice.dataset.i = i;
    choice.append(element('kbd', '', i + 1), lineElements(line, data), element('span', 'mark'));
    item.append(choice);
    return item;
  }));
}

function drawResults(data, find) {
  const results = resultsOf(data), own = results[data.result.question], answered = results.filter(Boolean);
  const isFinished = answered.length === results.length;
  drawQuestions(data, results, find('questions'));
  drawAnswer(data, own, find);
  drawNext(data, results, own, find('next'));
  find('score').textContent = scoreWords(answered, data);
  find('split').replaceChildren(...(isFinished ? splitTables(answered, data) : []));
  find('tools').hidden = !allResults().length;
  find('blocked').hidden = !isStorageBlocked();
}

/* Links to all questions, each with its result. */
function drawQuestions(data, results, nav) {
  nav.replaceChildren(...data.addresses.map((href, i) => {
    const link = element('a', '', i + 1), result = results[i];
    link.href = href;
    if (result) link.append(element('span', '', isRight(result) ? ' ✓' : ' ✗'));
    link.setAttribute('aria-label', `Question ${i + 1}${result ? (isRight(result) ? ', right' : ', wrong') : ''}`);
    if (i === data.result.question) link.setAttribute('aria-current', 'true');
    return link;
  }));
}

/* The intruder, the choice and the explanation; nothing before the choice. */
function drawAnswer(data, own, find) {
  find('examples').querySelectorAll('.choice').forEach((choice, i) => {
    const isIntruder = Boolean(own) && i === data.result.answer, isChoice = own?.chosen === i;
    choice.classList.toggle('intruder', isIntruder);
    choice.classList.toggle('wrong', isChoice && !isIntruder);
    choice.setAttribute('aria-disabled', String(Boolean(own)));
    choice.querySelector('.mark').textContent = [isIntruder ? 'the intruder' : '', isChoice ? 'your choice' : ''].filter(Boolean).join(', ');
  });
  find('answer').textContent = !own ? '' : isRight(own) ? `Right: ${own.answer + 1} is the intruder.` : `Wrong: ${own.answer + 1} is the intruder, not ${own.chosen + 1}.`;
  find('answer').className = !own ? '' : isRight(own) ? 'right' : 'wrong';
  find('facts').replaceChildren(...(own ? [...data.facts.map(factLine), element('p', '', data.why)] : []));
}

function factLine(fact) {
  const line = element('p'), link = element('a', '', fact.name);
  link.href = fact.href;
  line.append(`${fact.title}: `, swatch(fact.number, fact.colour), ' ', label(fact.label, fact.has_others, fact.context), ' ', link);
  return line;
}

/* The next question that has no answer, cyclically. */
function drawNext(data, results, own, link) {
  const order = results.map((_, i) => (data.result.question + 1 + i) % results.length), next = order.find((i) => !results[i]);
  link.hidden = !own || next === undefined;
  link.textContent = link.hidden ? '' : `Next: question ${next + 1}`;
  if (link.hidden) link.removeAttribute('href'); else link.href = data.addresses[next];
}

/* After a choice the focus goes to the next question, so that Enter opens it. */
function showAnswer(find) {
  find('next').focus({ preventScroll: true });
  find(find('next').hidden ? 'split' : 'next').scrollIntoView({ block: 'nearest' });
}

/* Keys 1 to 6, and Enter unless it presses a link or button; an answered example is none. */
function pressed(event, choose, next) {
  const control = event.composedPath().find((each) => each instanceof Element && each.matches('a, summary, button:not([aria-disabled=true])'));
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat || typing(event)) return;
  if (document.querySelector('[role=dialog]') || event.composedPath().some((each) => each instanceof Element && each.matches('dialog'))) return;
  if (/^[1-6]$/.test(event.key)) choose(+event.key - 1);
  else if (event.key === 'Enter' && next.hasAttribute('href') && !control) next.click();
}
