/* The history of this tab: one step of the visitor is one entry, even where answers arrive late.

   Links, keys and buttons of components push their address to the history at once (`visit` in shared.js); links drawn
   by Streamlit are made to do the same. The address of a widget's step is computed by the server (`step_to` in
   address.py), which sends it marked. Other writes of Streamlit are not steps: the full form of an address replaces the
   short one, and an answer to a view that was left in the meantime is dropped.

   data = {page, pages: names of all pages (in the first message of a view), query: the query that the view was read
   from, to: its complete query or null, before: the query that a step came from or null} */
export default function (component) {
  const { data } = unpacked(component);
  (globalThis.neHistory ??= manageHistory()).onAnswer(data);
}

/* Streamlit calls history.pushState and replaceState; `visit` calls them with {ne: true} for a state. */
function manageHistory() {
  const original = { pushState: history.pushState.bind(history), replaceState: history.replaceState.bind(history) };
  const current = () => location.pathname + location.search;
  // `waiting`: the server has not yet answered for the current address
  const book = { steps: 0, waiting: false, last: current(), pages: [] };
  const write = (method, url) => { if (url !== current()) original[method]({ ne: true }, '', url); book.last = current(); };

  for (const method of ['pushState', 'replaceState']) {
    history[method] = (state, title, url) => { if (state?.ne) original[method](state, title, url); else writeFor(url); };
  }
  const writeFor = (url) => {
    const to = new URL(url, location.href), query = to.search.replace(/[?&]_step=1$/, '');
    if (book.waiting || to.pathname !== location.pathname) return;   // late: the visitor has gone to another address
    write(query === to.search ? 'replaceState' : 'pushState', to.pathname + query);
  };

  addEventListener('popstate', () => {
    if (current() === book.last) return;   // only the fragment (#) has changed
    book.last = current();
    book.waiting = true;
    book.steps += 1;
  }, { capture: true });
  const pageLink = (event) => {
    const link = event.target.closest?.('a[data-testid="stPageLink-NavLink"]');
    if (!link || link.target === '_blank') return;
    const href = link.getAttribute('href');
    if (href.startsWith('?')) link.setAttribute('href', './' + href);   // the root, not a view of this page
    event.stopImmediatePropagation();      // Streamlit would change the page first, and the address later in two steps
    if (event.type === 'click') follow(event, link.href);
  };
  for (const name of ['click', 'auxclick']) addEventListener(name, pageLink, { capture: true });

  // a step that was written before this script ran
  if (current().endsWith('_step=1')) write('replaceState', current().replace(/[?&]_step=1$/, ''));

  book.onAnswer = (data) => {
    book.pages = data.pages ?? book.pages;
    if (!answers(data.page, book.pages)) return;
    const to = (query) => location.pathname + (query ? '?' + query : '');
    if (sameQuery(data.query)) {
      if (data.to && !sameQuery(Object.fromEntries(new URLSearchParams(data.to)))) write('replaceState', to(data.to));
      book.waiting = false;
    } else if (book.waiting && data.to && data.before && sameQuery(data.before)) {
      write('pushState', to(data.to));     // its step arrived while the address was waiting for an answer
      book.waiting = false;
    }
  };
  book.replace = (url) => { if (!book.waiting) write('replaceState', url); };
  return book;
}

/* Return whether the address belongs to this page. The overview answers for the root and for unknown pages. */
function answers(page, pages) {
  const name = location.pathname.split('/').at(-1);
  return name === page || (page === 'overview' && !pages.includes(name));
}

const STREAMLIT_ONLY = ['embed', 'embed_options'];   // parameters that the server does not see

function sameQuery(query) {
  const pairs = [...new Map(new URLSearchParams(location.search))].filter(([name]) => !STREAMLIT_ONLY.includes(name));
  return pairs.length === Object.keys(query).length && pairs.every(([name, value]) => query[name] === value);
}
