"""Fuzz tests in a real Chromium: generated bookmark files through the script that reads them, harmful deep links."""

import json
import random
from urllib.parse import quote

import pytest

from tests.support import fuzz, in_browser
from tests.support.browser import ROOT, PageErrors, settled

pytestmark = in_browser.pytestmark
SCRIPTS = ("shared", "storage", "status_line", "bookmark_rows")  # of the sidebar's component, without what starts it
GOOD = {
    "atlas": "planted",
    "layer": 0,
    "neuron": 2,
    "feature": 1,
    "branch": None,
    "cut": None,
    "name": "cat",
    "note": "",
    "own": "mine",
    "verdict": "right",
}
FIELDS = [*GOOD, "at", "__proto__", "constructor", "href", "toString", "length", fuzz.HARMFUL[0]]

# Reads each file twice, as an import and from the browser's storage; returns problems.
READ = """([files, started]) => {
  const wrong = [], counts = {imported: 0, refused: 0, slowest: 0};
  const old = [cleanItem({atlas: 'planted', layer: 2, neuron: 4, note: 'mine'})];
  const names = (thing) => JSON.stringify(Object.keys(thing));
  const good = (thing) => !itemProblem(thing) && names(thing) === names(old[0])
    && Object.entries(TEXT_LIMITS).every(([name, limit]) => thing[name].length <= limit);
  const place = /^neuron\\?atlas=planted&layer=\\d+&neuron=\\d+(&feature=\\d+)?(&cut=[\\d.]+)?(&branch=\\d+)?$/;
  files.forEach((text, i) => {
    const complain = (what) => wrong.push(`file ${started + i}: ${what}: ${text.slice(0, 300)}`);
    try {
      const start = performance.now(), result = importItems(text, old);
      counts.slowest = Math.max(counts.slowest, performance.now() - start);
      const { message } = result;
      if (typeof message !== 'string' || message.length > 400 || message.includes('\\n')) complain('no line');
      const things = result.items ?? [];
      counts[result.items ? 'imported' : 'refused']++;
      if (result.items && JSON.stringify(things[0]) !== JSON.stringify(old[0])) complain('what was there is gone');
      if (things.length > ITEM_LIMITS.bookmarks || !things.every(good)) complain('an invalid item was imported');
      const addresses = things.map((thing) => itemAddress(thing, ['planted'])).filter((address) => address !== null);
      if (!addresses.every((address) => place.test(address))) complain('an address: ' + addresses);
      FALLBACK.bookmarks = text;
      if (!readItems('bookmarks').items.every(good)) complain('read what is none');
      for (const thing of things.slice(0, 3)) {
        const row = itemRow(thing, 'bookmarks', {atlases: ['planted'], atlas: 'planted'}, document.createElement('p'));
        const drawn = [...row.querySelectorAll('*')];
        if (!drawn.every((each) => ['A', 'SPAN', 'BDI', 'BUTTON'].includes(each.tagName))) complain('an element');
        if (drawn.some((each) => each.getAttributeNames().some((name) => name.startsWith('on')))) complain('a handler');
      }
    } catch (error) { complain(error); }
  });
  if (Object.keys(Object.prototype).length || window.nefuzz === 1) wrong.push('something leaked');
  return {wrong, counts};
}"""
INJECTED = """() => {
  const inside = (root) => [...root.querySelectorAll('*')].flatMap((each) => [each, ...within(each)]);
  const within = (each) => (each.shadowRoot ? inside(each.shadowRoot) : []);
  const attribute = (each, name) => each.getAttribute(name) ?? '';
  const suspicious = (each) => /nefuzz/i.test(each.tagName + each.id) || /^javascript:/i.test(attribute(each, 'href'))
    || /192\\.0\\.2\\.1|nefuzz/.test(attribute(each, 'src'))
    || (each.classList.contains('katex') && /nefuzz/.test(each.textContent))
    || each.getAttributeNames().some((name) => name.startsWith('on'));
  const injected = inside(document).filter(suspicious).map((each) => each.outerHTML.slice(0, 200));
  return window.nefuzz === 1 ? [...injected, 'a script ran'] : injected;
}"""


def bookmark_file(number: int) -> str:
    """Return a file of damaged bookmarks, of other JSON, or of no JSON."""
    rng = random.Random(number)
    kind = rng.randrange(100) if rng.random() < 0.05 else rng.randrange(9)
    if kind < 5:
        things = [damaged_bookmark(rng, number) for _ in range(rng.choice((1, 2, 5)))]
        return wrap(rng, things)
    if kind == 5:
        return json.dumps(fuzz.json_value(number))
    if kind == 6:
        whole = wrap(rng, [dict(GOOD)] * 3)
        return whole[: rng.randrange(len(whole))]
    if kind == 7:
        return wrap(rng, [dict(GOOD)] * 2).replace('"layer": 0', '"layer": 0, "layer": "x", "__proto__": {"x": 1}')
    return fuzz.text(number).encode("utf-8", "replace").decode() if kind == 8 else HUGE[rng.randrange(len(HUGE))](rng)


HUGE = (
    lambda rng: "[" * rng.choice((1000, 20_000)),
    lambda rng: "[" * 500 + "]" * 500,
    lambda rng: json.dumps([{**GOOD, "neuron": i} for i in range(rng.choice((5, 2100)))]),
    lambda rng: json.dumps([{**GOOD, "note": "x" * 50_000, "name": "\u202e" * 999, "neuron": 3}]),
    lambda rng: "[" + "0," * 20_000 + "0]",
    lambda rng: '{"bookmarks":' * 500,
)


def damaged_bookmark(rng: random.Random, number: int) -> object:
    thing = dict(GOOD) | {"neuron": rng.randrange(9)}
    for _ in range(rng.randrange(3)):
        thing[rng.choice(FIELDS)] = fuzz.json_value(rng.randrange(10**6))
    if rng.random() < 0.1:
        del thing[rng.choice(list(thing))]
    return thing if rng.random() < 0.9 else fuzz.json_value(number)


def wrap(rng: random.Random, things: list) -> str:
    return json.dumps(
        rng.choice((things, {"format": "neuron embeddings bookmarks", "version": 1, "bookmarks": things}))
    )


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_bookmark_files(count: int, browser, address: str, capsys):
    page = browser.new_page()
    page_errors = PageErrors(page, address)
    page.goto(f"{address}/_stcore/health")
    for name in SCRIPTS:
        (script,) = (ROOT / "pages" / "components").rglob(f"{name}.js")
        page.add_script_tag(content=script.read_text())
    totals = {"imported": 0, "refused": 0, "slowest": 0}
    for start in range(0, count, 500):
        report = page.evaluate(READ, [[bookmark_file(number) for number in range(start, start + 500)], start])
        assert not report["wrong"], "\n".join(report["wrong"][:5])
        totals |= {name: totals[name] + report["counts"][name] for name in ("imported", "refused")}
        totals["slowest"] = max(totals["slowest"], report["counts"]["slowest"])
    assert not page_errors.errors, page_errors.errors
    assert min(totals["imported"], totals["refused"]) > count / 10
    with capsys.disabled():
        print(
            f"\n{count} files of bookmarks: {totals['imported']} imported, {totals['refused']} refused; "
            f"slowest {totals['slowest']:.0f} ms"
        )


LINKS = (
    "search?q={}", "neuron?layer=0&neuron=0&holds={}", "side_by_side?a={}", "ranking?size={}", "map?q={}&mode=snippet",
    "overview?atlas={}", "search?q={}&mode=token", "across_layers?layer={}", "neuron?cut={}", "search?q={}&mode=name",
    "about?{}={}", "spaces?clusters={}",
)  # fmt: skip


@pytest.mark.parametrize("count", [3, pytest.param(108, marks=pytest.mark.slow)])
def test_harmful_deep_links(count: int, browser, address: str):
    """Open each harmful text in three links: no dialog, no error, no request elsewhere, no injected element."""
    page = browser.new_page()
    page_errors = PageErrors(page, address)
    for number in range(0, 108, 108 // count):
        harmful, template = fuzz.HARMFUL[number % len(fuzz.HARMFUL)], LINKS[(number * 5 + number // 36) % len(LINKS)]
        view = template.replace("{}", quote(harmful, safe=""))
        page.goto(f"{address}/{view}")
        page.locator("h1").first.wait_for()
        settled(page)
        assert not page.evaluate(INJECTED), (view, page.evaluate(INJECTED))
        page_errors.errors = [line for line in page_errors.errors if "/_stcore/" not in line]
        assert not page_errors.errors, (view, page_errors.errors)


def test_injected_elements_are_detected(browser, address: str):
    page = browser.new_page()
    page.goto(f"{address}/_stcore/health")
    for harm in (
        "<b id=nefuzz>",
        "<nefuzz-element>",
        "<a href='javascript:1'>",
        "<i onclick=1>",
        "<b class=katex>nefuzz</b>",
    ):
        page.evaluate("(html) => { document.body.innerHTML = html; }", harm)
        assert len(page.evaluate(INJECTED)) == 1, harm
    page.evaluate("document.body.innerHTML = '<p>nefuzz</p>'")
    assert not page.evaluate(INJECTED)
