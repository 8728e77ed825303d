"""Texts longer than a field allows, pasted in headless Chromium: the page reports it, and no text is lost."""

import re

import pytest

from tests.browser.test_bookmarks import HREF, VALID, import_file, open_list, star, status_line
from tests.support import in_browser
from tests.support.browser import settled

expect, pytestmark = in_browser.expect, in_browser.pytestmark
TOO_LONG = "This note has 640 characters; shorten it to 500 to save it."
LONG = "the cat runs under " * 30
PASTED = "(text) => document.execCommand('insertText', false, text)"  # like a paste, it respects the field's limit


@pytest.mark.slow
@pytest.mark.parametrize(("view", "box"), [("search?q=dog", "Search features"), ("map?q=dog", "Highlight features")])
def test_long_text_pasted_into_a_search(view, box, open_view):
    page = open_view(view)
    page.get_by_label(box).fill("")
    page.get_by_label(box).focus()
    page.evaluate(PASTED, LONG)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("at most 200 characters, only the first 200 count")
    expect(page.get_by_label(box)).to_have_value(LONG[:200])


@pytest.mark.slow
def test_long_text_pasted_into_the_example_filter(open_view):
    page = open_view("neuron?layer=0&neuron=0")
    page.get_by_label("Holds").focus()
    page.evaluate(PASTED, "🙂" * 250)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("holds="))
    settled(page)
    expect(page.get_by_text("Only the first 200 characters are searched.")).to_be_visible()
    expect(page.get_by_label("Holds")).to_have_value("🙂" * 200)


@pytest.mark.slow
def test_long_note_stays_in_its_field_until_shortened(open_view):
    page = open_view(HREF)
    star(page).click()
    rows = open_list(page, "Bookmarks")
    rows.get_by_role("button", name="Note on L0 N2 F1").click()
    page.evaluate(PASTED, "x" * 640)
    field = rows.get_by_role("textbox")
    for leave in (lambda: page.keyboard.press("Enter"), lambda: page.locator("h1").first.click()):
        leave()
        expect(status_line(page)).to_have_text(TOO_LONG)
        expect(field).to_have_value("x" * 640)
    field.fill("y" * 500)
    field.press("Enter")
    expect(rows.locator(".note")).to_have_text("y" * 500)
    expect(status_line(page)).to_have_text("")


@pytest.mark.slow
def test_long_note_of_a_file_is_truncated_with_a_message(open_view):
    page = open_view("neuron?atlas=planted&layer=2&neuron=4")
    open_list(page, "Bookmarks")
    import_file(page, [{**VALID, "note": "x" * 600}, {**VALID, "neuron": 3, "note": "short"}])
    expect(status_line(page)).to_contain_text("2 imported; 1 with a note or name cut to 500")
