"""Bookmarks, visited features and keyboard shortcuts in headless Chromium."""

import csv
import json
import re

import pytest

from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
SCRIPT = "<script>alert(1)</script>"
VALID = {"atlas": "planted", "layer": 0, "neuron": 2, "feature": 1}
HREF = "neuron?atlas=planted&layer=0&neuron=2&feature=1"

BLOCKED = """Object.defineProperty(window, 'localStorage', {
    get() { throw new DOMException('blocked', 'SecurityError'); }
})"""
FOCUS_IN_DIALOG = """() => {  // true if the focus is in the dialog, or in no component of the page
    const { shadowRoot } = document.activeElement;
    return !shadowRoot || !!shadowRoot.activeElement.closest('dialog');
}"""


def expect_neuron(page, layer: int, neuron: int) -> None:
    expect(page.locator("h1")).to_have_text(f"Layer {layer} · Neuron {neuron}")
    settled(page)


def star(page):
    return page.get_by_role("button", name=re.compile("Bookmark"))


def open_list(page, name: str):
    """Open the list of this name, and return it."""
    box = page.locator("#bookmarks" if name == "Bookmarks" else "#visited")
    if box.get_attribute("open") is None:
        box.locator("summary").click()
    return page.get_by_role("list", name=name)


def import_file(page, content: object, name: str = "bookmarks.json") -> None:
    """Import a bookmark file with this content; values other than strings are written as JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    page.locator("#file").set_input_files({"name": name, "mimeType": "application/json", "buffer": text.encode()})


def status_line(page):
    return page.get_by_test_id("stSidebar").locator("#status")


def press(page, key: str) -> None:
    """Press a key once its handlers and the page's buttons exist."""
    if "/neuron" in page.url:
        page.get_by_role("button", name="Next", exact=True).wait_for()
    page.wait_for_function("['?', 'c'].every((key) => window.neKeys?.[key]?.some((each) => each.isConnected))")
    page.keyboard.press(key)


def links_in(rows) -> list[str]:
    rows.get_by_role("link").first.wait_for()
    return [link.get_attribute("href") for link in rows.get_by_role("link").all()]


def test_bookmark_survives_a_reload_and_can_be_removed(open_view):
    page = open_view(HREF)
    star(page).click()
    expect(star(page)).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(star(page)).to_have_attribute("aria-pressed", "true")
    rows = open_list(page, "Bookmarks").get_by_role("listitem")
    expect(rows).to_have_text([re.compile("^L0 N2 F1")])
    assert links_in(rows) == [HREF]
    star(page).click()
    expect(rows).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(1)


@pytest.mark.slow
def test_bookmark_of_a_branch_at_another_cut(open_view):
    page = open_view("neuron?atlas=planted&layer=0&neuron=2&branch=12&cut=0.7")
    star(page).click()
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text("More to start with")).to_be_visible()
    open_list(page, "Bookmarks").get_by_role("link").click()
    expect_neuron(page, 0, 2)
    assert page.url.endswith("neuron=2&cut=0.7&branch=12")


@pytest.mark.slow
def test_note_is_saved_and_bookmark_removed(open_view):
    page = open_view(HREF)
    star(page).click()
    rows = open_list(page, "Bookmarks").get_by_role("listitem")
    page.get_by_role("button", name="Note on L0 N2 F1").click()
    page.get_by_role("textbox", name="Note on L0 N2 F1").fill(f"ask about this {SCRIPT}")
    page.keyboard.press("Enter")
    expect(rows).to_contain_text(f"ask about this {SCRIPT}")
    page.reload()
    expect(open_list(page, "Bookmarks")).to_contain_text("ask about this")
    page.get_by_role("button", name="Remove L0 N2 F1").click()
    expect(rows).to_have_count(0)
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows).to_contain_text("ask about this")


@pytest.mark.slow
def test_click_that_ends_editing_a_note_is_not_lost(open_view):
    """Leaving the field redraws the rows, which then are shorter: not before the pointer is released."""
    page = open_view(HREF)
    star(page).click()
    page.get_by_role("button", name="Next", exact=True).click()
    expect_neuron(page, 0, 3)
    star(page).click()
    rows = open_list(page, "Bookmarks").get_by_role("listitem")
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
    """Press and release at the position of the button, with a frame in between to draw the changes."""
    button.evaluate("each => each.addEventListener('click', () => { window.clicked = true; }, { once: true })")
    box = button.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    page.mouse.up()
    assert page.evaluate("() => { const { clicked } = window; delete window.clicked; return clicked; }")


@pytest.mark.slow
def test_note_reopened_at_once_has_its_new_text(open_view):
    page = open_view(HREF)
    star(page).click()
    rows = open_list(page, "Bookmarks").get_by_role("listitem")
    for text in ("first", "second"):
        page.get_by_role("button", name="Note on L0 N2 F1").click()
        page.get_by_role("textbox", name="Note on L0 N2 F1").last.fill(text)
    page.get_by_role("button", name="Note on L0 N2 F1").click()
    expect(page.get_by_role("textbox", name="Note on L0 N2 F1").last).to_have_value("second")
    page.keyboard.press("Escape")
    expect(rows).to_contain_text("second")


def test_export_is_imported_in_another_browser(open_view, tmp_path):
    page = open_view(HREF)
    star(page).click()
    open_list(page, "Bookmarks")
    with page.expect_download() as download:
        page.locator("#export").click()
    download.value.save_as(tmp_path / "bookmarks.json")
    other = open_view("")  # a browser without these bookmarks
    open_list(other, "Bookmarks")
    other.locator("#file").set_input_files(tmp_path / "bookmarks.json")
    expect(status_line(other)).to_contain_text("1 imported.")
    assert links_in(open_list(other, "Bookmarks")) == [HREF]
    other.locator("#file").set_input_files(tmp_path / "bookmarks.json")
    expect(status_line(other)).to_contain_text("0 imported; 1 already here.")
    assert json.loads((tmp_path / "bookmarks.json").read_text())["bookmarks"][0].items() >= VALID.items()


def test_verdict_and_own_name_are_kept_shown_and_exported(open_view, tmp_path):
    page = open_view(HREF)
    row = page.get_by_role("list", name="Features of this neuron").get_by_role("listitem").nth(1)
    page.get_by_role("button", name="✗ Wrong").click()
    expect(row).to_contain_text("✗ name wrong")
    star_box, export_box = (
        star(page).bounding_box(),
        page.get_by_role("button", name="Export", exact=True).bounding_box(),
    )
    assert export_box["x"] > star_box["x"] + star_box["width"]  # the message has not pushed Export to the next row
    page.get_by_role("button", name="✓ Right").click()
    page.get_by_role("button", name="✎ Own name").click()
    page.get_by_role("textbox", name="Own name").fill(f"=blue {SCRIPT}")
    page.keyboard.press("Enter")
    expect(row).to_contain_text(f"✓ name right · own name “=blue {SCRIPT}”")
    page.reload()
    expect(row).to_contain_text(f"✓ name right · own name “=blue {SCRIPT}”")
    expect(page.get_by_role("button", name="✓ Right")).to_have_attribute("aria-pressed", "true")
    expect(open_list(page, "Bookmarks").get_by_role("listitem")).to_contain_text(f"“=blue {SCRIPT}”")
    for kind, id in (("csv", "csv"), ("json", "export")):
        with page.expect_download() as download:
            page.locator(f"#{id}").click()
        download.value.save_as(tmp_path / f"bookmarks.{kind}")
    (item,) = json.loads((tmp_path / "bookmarks.json").read_text())["bookmarks"]
    assert (item["own"], item["verdict"]) == (f"=blue {SCRIPT}", "right")
    (line,) = csv.DictReader((tmp_path / "bookmarks.csv").read_text().splitlines())
    assert (line["own"], line["verdict"], line["feature"], line["cut"]) == (f"'=blue {SCRIPT}", "right", "1", "")
    page.get_by_role("button", name="✓ Right").click()
    expect(page.get_by_role("button", name="✓ Right")).to_have_attribute("aria-pressed", "false")
    star(page).click()
    expect(page.get_by_text("Bookmark removed, with its verdict and name.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("link", name="Next feature").click()
    expect(page.get_by_role("button", name="✎ Own name")).to_have_attribute("aria-pressed", "false")


def test_hostile_file_is_text_and_valid_entries_are_imported(open_view):
    """Invalid entries are refused with a reason; names and atlases are never used as markup or addresses."""
    page = open_view(HREF)
    star(page).click()
    hostile = [
        {**VALID, "neuron": "javascript:alert(1)"},
        {**VALID, "layer": -1},
        {**VALID, "feature": 1.5},
        {**VALID, "cut": "0.5&atlas=x"},
        {**VALID, "embedding": "neuron&atlas=x"},
        {**VALID, "at": [1]},
        {**VALID, "name": 3},
        ["no", "object"],
        None,
        {
            **VALID,
            "neuron": 3,
            "name": f"{SCRIPT}<img src=x onerror=alert(1)>\u202eback",
            "__proto__": {"x": 1},
            "href": "x",
        },
        {**VALID, "atlas": "../../etc", "name": "elsewhere"},
        {**VALID, "atlas": "javascript:alert(1)//"},
    ]
    rows = open_list(page, "Bookmarks")
    import_file(page, {"bookmarks": hostile})
    expect(status_line(page)).to_contain_text(
        "3 imported; 9 refused, entry 0: “neuron” must be a whole number, 0 or more."
    )
    expect(rows.get_by_role("listitem")).to_have_count(4)
    expect(rows).to_contain_text(f"{SCRIPT}<img src=x onerror=alert(1)>[U+202E]back")
    expect(rows).to_contain_text("atlas ../../etc, not available here")
    assert links_in(rows) == [HREF, HREF.replace("neuron=2", "neuron=3")]
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not JSON {", "This file is not JSON. Import a file written by “Export” on this panel."),
        pytest.param({"other": []}, "This file has no list of bookmarks.", marks=pytest.mark.slow),
        pytest.param(" " * 1_000_001, "This file is larger than 1 MB", marks=pytest.mark.slow),
        pytest.param(
            [{**VALID, "neuron": i} for i in range(2100)],
            "1999 imported; 101 left out: the limit is 2000 bookmarks",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_invalid_file_has_a_message_and_changes_nothing(content, message, open_view):
    page = open_view("neuron?atlas=planted&layer=2&neuron=4")
    star(page).click()
    rows = open_list(page, "Bookmarks")
    import_file(page, content)
    expect(status_line(page)).to_contain_text(message)
    expect(rows.get_by_role("listitem").first).to_contain_text("L2 N4")


@pytest.mark.slow
def test_unknown_stored_entries_are_preserved(open_view):
    page = open_view(HREF)
    page.evaluate("localStorage['ne-bookmarks'] = JSON.stringify([{atlas: 'planted', circuit: 7}])")
    star(page).click()
    assert page.evaluate("JSON.parse(localStorage['ne-bookmarks'])")[1] == {"atlas": "planted", "circuit": 7}
    page.evaluate("localStorage['ne-bookmarks'] = 'nonsense'")
    page.reload()
    star(page).click()
    assert page.evaluate("localStorage['ne-bookmarks-unreadable']") == "nonsense"


@pytest.mark.slow
def test_visited_features_are_newest_first_without_duplicates(open_view):
    page = open_view("neuron?layer=0&neuron=0")
    for _ in range(2):
        page.get_by_role("button", name="Next", exact=True).click()
        expect_neuron(page, 0, 1)
        page.get_by_role("button", name="Previous", exact=True).click()
        expect_neuron(page, 0, 0)
    rows = open_list(page, "Visited features").get_by_role("listitem")
    expect(rows).to_have_text([re.compile("^L0 N0"), re.compile("^L0 N1")])
    page.locator("#forget").click()
    expect(rows).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(2)


@pytest.mark.slow
def test_bookmarks_are_shared_between_tabs(open_view):
    page = open_view(HREF)
    rows = open_list(page, "Bookmarks").get_by_role("listitem")
    other = page.context.new_page()
    other.goto(page.url)
    star(other).click()
    expect(rows).to_have_count(1)
    expect(star(page)).to_have_attribute("aria-pressed", "true")


@pytest.mark.slow
def test_bookmarks_without_storage_last_for_the_tab(open_view):
    page = open_view("about", fresh=True)
    page.add_init_script(BLOCKED)
    page.goto(page.url.replace("about?atlas=planted", HREF))
    expect_neuron(page, 0, 2)
    star(page).click()
    expect(page.get_by_text("Bookmarked for this tab only")).to_be_visible()
    page.get_by_role("button", name="Next", exact=True).click()
    expect_neuron(page, 0, 3)
    assert links_in(open_list(page, "Bookmarks")) == [HREF]
    expect(page.get_by_text("these lists are lost when the tab is closed")).to_be_visible()


@pytest.mark.slow
def test_bookmark_follows_its_feature_in_a_changed_atlas(open_view):
    page = open_view(HREF)
    star(page).click()
    page.get_by_role("link", name="Next feature").click()
    expect(page).to_have_url(re.compile("feature=2"))
    expect(star(page)).to_have_attribute("aria-pressed", "false")  # the button now belongs to the other feature
    star(page).click()
    expect(star(page)).to_have_attribute("aria-pressed", "true")
    page.evaluate("""() => {  // as if the current feature 2 had been feature 1 when it was bookmarked
        const [two, one] = JSON.parse(localStorage['ne-bookmarks']);
        localStorage['ne-bookmarks'] = JSON.stringify([{ ...one, at: two.at }]);
    }""")
    page.goto(page.url.replace("feature=2", "feature=1"))
    page.get_by_role("link", name="feature 2", exact=True).click()
    expect(page).to_have_url(re.compile("feature=2$"))


def test_keys_move_between_neurons_features_and_pages(open_view):
    page = open_view("neuron?layer=0&neuron=2")
    page.evaluate("window.same = true")
    press(page, "j")
    expect(page).to_have_url(re.compile("neuron=2&feature=1$"))
    expect(page.get_by_role("link", name="Previous feature")).to_have_attribute("href", re.compile("feature=0"))
    press(page, "k")
    expect(page).to_have_url(re.compile("feature=0$"))
    settled(page)
    press(page, "n")
    expect_neuron(page, 0, 3)
    press(page, "p")
    expect_neuron(page, 0, 2)
    press(page, "g")
    expect(page.locator("h1")).to_have_text("Ranking")
    page.go_back()
    expect_neuron(page, 0, 2)
    press(page, "b")
    expect(star(page)).to_have_attribute("aria-pressed", "true")
    press(page, "v")
    expect(page.get_by_role("button", name="Values")).to_have_attribute("aria-pressed", "true")
    press(page, "r")
    expect(page.locator("h1")).not_to_have_text("Layer 0 · Neuron 2")
    assert page.evaluate("window.same")


@pytest.mark.slow
def test_key_press_is_one_step_after_several_reruns(open_view):
    page = open_view("neuron?layer=0&neuron=0")
    for neuron in (1, 2, 3):
        press(page, "n")
        expect_neuron(page, 0, neuron)
    page.go_back()
    expect_neuron(page, 0, 2)


@pytest.mark.slow
def test_slash_opens_the_search_where_keys_are_text(open_view):
    page = open_view("about")
    press(page, "/")
    field = page.get_by_label("Search features")
    expect(field).to_be_focused()
    page.keyboard.type("n?j/b")
    expect(field).to_have_value("n?j/b")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("h1")).to_have_text("Search")


@pytest.mark.slow
def test_keys_with_modifiers_are_ignored(open_view):
    page = open_view("neuron?layer=0&neuron=0")
    for combination in ("Control+n", "Alt+j", "Meta+r", "Control+b"):
        press(page, combination)
    page.wait_for_timeout(500)
    expect(page.locator("h1")).to_have_text("Layer 0 · Neuron 0")
    expect(star(page)).to_have_attribute("aria-pressed", "false")


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 420])
def test_shortcut_dialog_traps_the_focus_and_escape_closes_it(width, open_view):
    page = open_view("about", width=width)
    press(page, "?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Next neuron (not on this page)")
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS_IN_DIALOG)
    press(page, "n")  # has no effect while the dialog is open
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


@pytest.mark.slow
def test_link_is_copied(open_view):
    page = open_view(HREF, permissions=["clipboard-read", "clipboard-write"])
    press(page, "c")
    expect(page.get_by_text("Link of this view copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
