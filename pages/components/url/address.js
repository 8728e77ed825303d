/* The history of this tab: one step of the visitor is one entry, whatever comes late.

   Links, keys and buttons of components put their address into the history at once (`visit` in shared.js); links that
   Streamlit draws are made to do the same. A widget's step has an address that the server finds (`step_to` in
   address.py), which it sends marked. What else Streamlit writes into the history is not a step: the full form of an
   address replaces the short one, and an answer to a view that was left meanwhile is not written at all.

   data = {page, pages: all their names (in the first word of a view), asked: the query that the view was read from,
   to: its own query in full or null, before: the query that a step came from or null} */
export default function (component) {
  const { data } = unpacked(component);
  (globalThis.neHistory ??= keepHistory()).answered(data);
}

/* Streamlit calls history.pushState and replaceState; `visit` calls them with {ne: true} for a state. */
function keepHistory() {
  const own = { pushState: history.pushState.bind(history), replaceState: history.replaceState.bind(history) };
  const place = () => location.pathname + location.search;
  // `waiting`: the server has not yet answered for the address that is shown
  const book = { steps: 0, waiting: false, last: place(), pages: [] };
  const write = (how, url) => { if (url !== place()) own[how]({ ne: true }, '', url); book.last = place(); };

  for (const how of ['pushState', 'replaceState']) {
    history[how] = (state, title, url) => { if (state?.ne) own[how](state, title, url); else writeFor(url); };
  }
  const writeFor = (url) => {
    const to = new URL(url, location.href), query = to.search.replace(/[?&]_step=1$/, '');
    if (book.waiting || to.pathname !== location.pathname) return;   // late: another address was gone to
    write(query === to.search ? 'replaceState' : 'pushState', to.pathname + query);
  };

  addEventListener('popstate', () => {
    if (place() === book.last) return;     // no more than another #
    book.last = place();
    book.waiting = true;
    book.steps += 1;
  }, { capture: true });
  const pageLink = (event) => {
    const link = event.target.closest?.('a[data-testid="stPageLink-NavLink"]');
    if (!link || link.target === '_blank') return;
    const href = link.getAttribute('href');
    if (href.startsWith('?')) link.setAttribute('href', './' + href);   // the root, not a view of this page
    event.stopImmediatePropagation();      // Streamlit would change the page first and the address in two steps later
    if (event.type === 'click') follow(event, link.href);
  };
  for (const name of ['click', 'auxclick']) addEventListener(name, pageLink, { capture: true });

  // a step that was quicker than this script
  if (place().endsWith('_step=1')) write('replaceState', place().replace(/[?&]_step=1$/, ''));

  book.answered = (data) => {
    book.pages = data.pages ?? book.pages;
    if (!answers(data.page, book.pages)) return;
    const to = (query) => location.pathname + (query ? '?' + query : '');
    if (sameQuery(data.asked)) {
      if (data.to && !sameQuery(Object.fromEntries(new URLSearchParams(data.to)))) write('replaceState', to(data.to));
      book.waiting = false;
    } else if (book.waiting && data.to && data.before && sameQuery(data.before)) {
      write('pushState', to(data.to));     // its step came while the address was waiting for an answer
      book.waiting = false;
    }
  };
  book.replace = (url) => { if (!book.waiting) write('replaceState', url); };
  return book;
}

/* Whether the address is one of this page. The overview answers for the root, and for names that no page has. */
function answers(page, pages) {
  const name = location.pathname.split('/').at(-1);
  return name === page || (page === 'overview' && !pages.includes(name));
}

function sameQuery(query) {
  const shown = [...new Map(new URLSearchParams(location.search))].filter(([name]) => !name.startsWith('embed'));
  return shown.length === Object.keys(query).length && shown.every(([name, value]) => query[name] === value);
}
