"""Bookmarks, visited features and keyboard shortcuts in headless Chromium."""

import json
import re

import pytest

from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
SCRIPT = "<script>alert(1)</script>"
GOOD = {"atlas": "planted", "layer": 0, "neuron": 2, "feature": 1}
HREF = "neuron?atlas=planted&layer=0&neuron=2&feature=1"

BLOCKED = """Object.defineProperty(window, 'localStorage', {
    get() { throw new DOMException('blocked', 'SecurityError'); }
})"""
INSIDE = """() => {  // the focus is in the dialog, or in none of the page's components
    const { shadowRoot } = document.activeElement;
    return !shadowRoot || !!shadowRoot.activeElement.closest('dialog');
}"""


def at_neuron(page, layer: int, neuron: int) -> None:
    expect(page.locator("h1")).to_have_text(f"Layer {layer} · Neuron {neuron}")
    settled(page)


def star(page):
    return page.get_by_role("button", name=re.compile("Bookmark"))


def shown(page, name: str):
    """The list of this name, opened."""
    box = page.locator("#bookmarks" if name == "Bookmarks" else "#visited")
    if box.get_attribute("open") is None:
        box.locator("summary").click()
    return page.get_by_role("list", name=name)


def bring(page, content: object, name: str = "bookmarks.json") -> None:
    """Import a file of this content: text as it is, all else as JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    page.locator("#file").set_input_files({"name": name, "mimeType": "application/json", "buffer": text.encode()})


def said(page):
    return page.get_by_test_id("stSidebar").locator("#status")


def press(page, key: str) -> None:
    """Press a key once the page listens and what it may press is there."""
    if "/neuron" in page.url:
        page.get_by_role("button", name="Next", exact=True).wait_for()
    page.wait_for_function("['?', 'c'].every((key) => window.neKeys?.[key]?.some((each) => each.isConnected))")
    page.keyboard.press(key)


def links_in(rows) -> list[str]:
    rows.get_by_role("link").first.wait_for()
    return [link.get_attribute("href") for link in rows.get_by_role("link").all()]


def test_a_star_is_kept_over_a_reload_and_taken_away(open_view):
    page = open_view(HREF)
    star(page).click()
    expect(star(page)).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(star(page)).to_have_attribute("aria-pressed", "true")
    rows = shown(page, "Bookmarks").get_by_role("listitem")
    expect(rows).to_have_text([re.compile("^L0 N2 F1")])
    assert links_in(rows) == [HREF]
    star(page).click()
    expect(rows).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(1)


@pytest.mark.slow
def test_a_bookmark_of_a_branch_at_another_cut_opens_that(open_view):
    page = open_view("neuron?atlas=planted&layer=0&neuron=2&branch=12&cut=0.7")
    star(page).click()
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text("Where to start")).to_be_visible()
    shown(page, "Bookmarks").get_by_role("link").click()
    at_neuron(page, 0, 2)
    assert page.url.endswith("neuron=2&cut=0.7&branch=12")


@pytest.mark.slow
def test_a_note_is_kept_and_a_bookmark_removed(open_view):
    page = open_view(HREF)
    star(page).click()
    rows = shown(page, "Bookmarks").get_by_role("listitem")
    page.get_by_role("button", name="Note on L0 N2 F1").click()
    page.get_by_role("textbox", name="Note on L0 N2 F1").fill(f"ask about this {SCRIPT}")
    page.keyboard.press("Enter")
    expect(rows).to_contain_text(f"ask about this {SCRIPT}")
    page.reload()
    expect(shown(page, "Bookmarks")).to_contain_text("ask about this")
    page.get_by_role("button", name="Remove L0 N2 F1").click()
    expect(rows).to_have_count(0)
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows).to_contain_text("ask about this")


@pytest.mark.slow
def test_a_press_that_ends_a_note_is_a_click(open_view):
    """Leaving the field draws the rows anew, one line less: not under a pointer that is still down."""
    page = open_view(HREF)
    star(page).click()
    page.get_by_role("button", name="Next", exact=True).click()
    at_neuron(page, 0, 3)
    star(page).click()
    rows = shown(page, "Bookmarks").get_by_role("listitem")
    for name in ("Export", "Copy link of this view", "Note on L0 N3", "Remove L0 N3", "Clear"):
        page.get_by_role("button", name="Note on L0 N2 F1").click()
        page.get_by_role("textbox", name="Note on L0 N2 F1").last.fill(f"ended by {name}")
        press_slowly(page, page.get_by_test_id("stSidebar").get_by_role("button", name=name).first)
        if name.startswith("Note"):
            page.keyboard.press("Escape")
        if name == "Clear":
            expect(rows).to_have_count(0)
            page.get_by_role("button", name="Undo").click()
        expect(rows.filter(has_text="L0 N2 F1")).to_contain_text(f"ended by {name}")


def press_slowly(page, button) -> None:
    """Press and let go where the button was, with time between for what the press changes to be drawn."""
    button.evaluate("each => each.addEventListener('click', () => { window.clicked = true; }, { once: true })")
    box = button.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    page.mouse.up()
    assert page.evaluate("() => { const { clicked } = window; delete window.clicked; return clicked; }")


@pytest.mark.slow
def test_a_note_that_is_opened_again_at_once_is_the_new_one(open_view):
    page = open_view(HREF)
    star(page).click()
    rows = shown(page, "Bookmarks").get_by_role("listitem")
    for text in ("first", "second"):
        page.get_by_role("button", name="Note on L0 N2 F1").click()
        page.get_by_role("textbox", name="Note on L0 N2 F1").last.fill(text)
    page.get_by_role("button", name="Note on L0 N2 F1").click()
    expect(page.get_by_role("textbox", name="Note on L0 N2 F1").last).to_have_value("second")
    page.keyboard.press("Escape")
    expect(rows).to_contain_text("second")


def test_what_was_exported_can_be_imported_elsewhere(open_view, tmp_path):
    page = open_view(HREF)
    star(page).click()
    shown(page, "Bookmarks")
    with page.expect_download() as download:
        page.locator("#export").click()
    download.value.save_as(tmp_path / "kept.json")
    other = open_view("")  # a browser that never saw any of it
    shown(other, "Bookmarks")
    other.locator("#file").set_input_files(tmp_path / "kept.json")
    expect(said(other)).to_contain_text("1 imported.")
    assert links_in(shown(other, "Bookmarks")) == [HREF]
    other.locator("#file").set_input_files(tmp_path / "kept.json")
    expect(said(other)).to_contain_text("0 imported; 1 already here.")
    assert json.loads((tmp_path / "kept.json").read_text())["bookmarks"][0].items() >= GOOD.items()


def test_a_hostile_file_is_text_and_nothing_is_lost(open_view):
    """Wrong entries are refused by name, right ones come in, and names and atlases are never markup or addresses."""
    page = open_view(HREF)
    star(page).click()
    hostile = [
        {**GOOD, "neuron": "javascript:alert(1)"},
        {**GOOD, "layer": -1},
        {**GOOD, "feature": 1.5},
        {**GOOD, "cut": "0.5&atlas=x"},
        {**GOOD, "at": [1]},
        {**GOOD, "name": 3},
        ["no", "object"],
        None,
        {
            **GOOD,
            "neuron": 3,
            "name": f"{SCRIPT}<img src=x onerror=alert(1)>\u202eback",
            "__proto__": {"x": 1},
            "href": "x",
        },
        {**GOOD, "atlas": "../../etc", "name": "elsewhere"},
        {**GOOD, "atlas": "javascript:alert(1)//"},
    ]
    rows = shown(page, "Bookmarks")
    bring(page, {"bookmarks": hostile})
    expect(said(page)).to_contain_text("3 imported; 8 refused, entry 0: “neuron” must be a whole number, 0 or more.")
    expect(rows.get_by_role("listitem")).to_have_count(4)
    expect(rows).to_contain_text(f"{SCRIPT}<img src=x onerror=alert(1)>[U+202E]back")
    expect(rows).to_contain_text("atlas ../../etc, not available here")
    assert links_in(rows) == [HREF, HREF.replace("neuron=2", "neuron=3")]
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("not JSON {", "This file is not JSON. Import a file written by “Export” on this panel."),
        pytest.param({"other": []}, "This file has no list of bookmarks.", marks=pytest.mark.slow),
        pytest.param(" " * 1_000_001, "This file is larger than 1 MB", marks=pytest.mark.slow),
        pytest.param(
            [{**GOOD, "neuron": i} for i in range(2100)],
            "1999 imported; 101 left out: the limit is 2000 bookmarks",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_wrong_file_is_one_line_and_changes_nothing(content, says, open_view):
    page = open_view("neuron?atlas=planted&layer=2&neuron=4")
    star(page).click()
    rows = shown(page, "Bookmarks")
    bring(page, content)
    expect(said(page)).to_contain_text(says)
    expect(rows.get_by_role("listitem").first).to_contain_text("L2 N4")


@pytest.mark.slow
def test_what_another_version_kept_is_carried_along(open_view):
    page = open_view(HREF)
    page.evaluate("localStorage['ne-bookmarks'] = JSON.stringify([{atlas: 'planted', circuit: 7}])")
    star(page).click()
    assert page.evaluate("JSON.parse(localStorage['ne-bookmarks'])")[1] == {"atlas": "planted", "circuit": 7}
    page.evaluate("localStorage['ne-bookmarks'] = 'nonsense'")
    page.reload()
    star(page).click()
    assert page.evaluate("localStorage['ne-bookmarks-unreadable']") == "nonsense"


@pytest.mark.slow
def test_visited_features_newest_first_without_doubles(open_view):
    page = open_view("neuron?layer=0&neuron=0")
    for _ in range(2):
        page.get_by_role("button", name="Next", exact=True).click()
        at_neuron(page, 0, 1)
        page.get_by_role("button", name="Previous", exact=True).click()
        at_neuron(page, 0, 0)
    rows = shown(page, "Visited features").get_by_role("listitem")
    expect(rows).to_have_text([re.compile("^L0 N0"), re.compile("^L0 N1")])
    page.locator("#forget").click()
    expect(rows).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(2)


@pytest.mark.slow
def test_a_tab_hears_of_another(open_view):
    page = open_view(HREF)
    rows = shown(page, "Bookmarks").get_by_role("listitem")
    other = page.context.new_page()
    other.goto(page.url)
    star(other).click()
    expect(rows).to_have_count(1)
    expect(star(page)).to_have_attribute("aria-pressed", "true")


@pytest.mark.slow
def test_without_storage_bookmarks_last_as_long_as_the_tab(open_view):
    page = open_view("about", fresh=True)
    page.add_init_script(BLOCKED)
    page.goto(page.url.replace("about?atlas=planted", HREF))
    at_neuron(page, 0, 2)
    star(page).click()
    expect(page.get_by_text("Bookmarked for this tab only")).to_be_visible()
    page.get_by_role("button", name="Next", exact=True).click()
    at_neuron(page, 0, 3)
    assert links_in(shown(page, "Bookmarks")) == [HREF]
    expect(page.get_by_text("these lists are lost when the tab is closed")).to_be_visible()


def test_a_bookmark_knows_its_feature_after_the_atlas_has_changed(open_view):
    page = open_view(HREF)
    star(page).click()
    page.get_by_role("link", name="Next feature").click()
    expect(page).to_have_url(re.compile("feature=2"))
    expect(star(page)).to_have_attribute("aria-pressed", "false")  # it is the other feature's by now
    star(page).click()
    expect(star(page)).to_have_attribute("aria-pressed", "true")
    page.evaluate("""() => {  // as if what is feature 2 now had been feature 1 before
        const [two, one] = JSON.parse(localStorage['ne-bookmarks']);
        localStorage['ne-bookmarks'] = JSON.stringify([{ ...one, at: two.at }]);
    }""")
    page.goto(page.url.replace("feature=2", "feature=1"))
    page.get_by_role("link", name="feature 2", exact=True).click()
    expect(page).to_have_url(re.compile("feature=2$"))


def test_keys_move_over_neurons_features_and_pages(open_view):
    page = open_view("neuron?layer=0&neuron=2")
    page.evaluate("window.same = true")
    press(page, "j")
    expect(page).to_have_url(re.compile("neuron=2&feature=1$"))
    expect(page.get_by_role("link", name="Previous feature")).to_have_attribute("href", re.compile("feature=0"))
    press(page, "k")
    expect(page).to_have_url(re.compile("feature=0$"))
    settled(page)
    press(page, "n")
    at_neuron(page, 0, 3)
    press(page, "p")
    at_neuron(page, 0, 2)
    press(page, "g")
    expect(page.locator("h1")).to_have_text("Ranking")
    page.go_back()
    at_neuron(page, 0, 2)
    press(page, "b")
    expect(star(page)).to_have_attribute("aria-pressed", "true")
    press(page, "v")
    expect(page.get_by_role("button", name="Values")).to_have_attribute("aria-pressed", "true")
    press(page, "r")
    expect(page.locator("h1")).not_to_have_text("Layer 0 · Neuron 2")
    assert page.evaluate("window.same")


@pytest.mark.slow
def test_one_press_is_one_step_after_many_reruns(open_view):
    page = open_view("neuron?layer=0&neuron=0")
    for neuron in (1, 2, 3):
        press(page, "n")
        at_neuron(page, 0, neuron)
    page.go_back()
    at_neuron(page, 0, 2)


def test_slash_goes_to_the_search_and_keys_are_letters_there(open_view):
    page = open_view("about")
    press(page, "/")
    field = page.get_by_label("Search features")
    expect(field).to_be_focused()
    page.keyboard.type("n?j/b")
    expect(field).to_have_value("n?j/b")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("h1")).to_have_text("Search")


@pytest.mark.slow
def test_keys_with_modifiers_are_the_browsers(open_view):
    page = open_view("neuron?layer=0&neuron=0")
    for combination in ("Control+n", "Alt+j", "Meta+r", "Control+b"):
        press(page, combination)
    page.wait_for_timeout(500)
    expect(page.locator("h1")).to_have_text("Layer 0 · Neuron 0")
    expect(star(page)).to_have_attribute("aria-pressed", "false")


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 420])
def test_the_list_of_keys_holds_the_focus_and_escape_closes_it(width, open_view):
    page = open_view("about", width=width)
    press(page, "?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Next neuron (not on this page)")
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate(INSIDE)
    press(page, "n")  # does nothing behind it
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


@pytest.mark.slow
def test_the_link_is_copied(open_view):
    page = open_view(HREF, permissions=["clipboard-read", "clipboard-write"])
    press(page, "c")
    expect(page.get_by_text("Link of this view copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
