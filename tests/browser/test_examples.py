"""Examples of a feature in headless Chromium: order, filters, baseline, values, copying, keyboard, narrow screens."""

import csv
import re
from pathlib import Path

import pytest

from tests.support import in_browser
from tests.support.browser import settled
from tests.support.planted import FILES

expect, pytestmark = in_browser.expect, in_browser.pytestmark
LARGE = "neuron?atlas=planted&layer=0&neuron=0"
SCRIPTS = "neuron?atlas=planted&layer=0&neuron=2&feature=2"  # its key token is a <script>
FOLDER = Path(__file__).parents[2] / "pages" / "components" / "widgets" / "token_lines"
NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', {value: undefined})"
NO_COPY = NO_CLIPBOARD + "; document.execCommand = () => false"
CLIPBOARD = "window.copied = []; navigator.clipboard.writeText = async (text) => { copied.push(text); }; 0"


def examples(page, feature: int = 0):
    return page.get_by_role("list", name=f"Examples of feature {feature}")


def asides(page) -> list[str]:
    """Values beside the examples, once these are drawn: the component draws them after the page's script has run."""
    expect(examples(page).locator(".aside").first).to_be_visible()
    return examples(page).locator(".aside").all_inner_texts()


def wait_for_query(page, query: str) -> None:
    page.wait_for_url(re.compile(re.escape(query) + "$"))
    settled(page)


def test_order_changes_and_back_restores_it(open_view):
    page = open_view(LARGE)
    order = page.get_by_label("Order")
    expect(order).to_have_value("central")
    before = asides(page)
    order.focus()
    order.select_option("activation")
    wait_for_query(page, "&neuron=0&sort=activation")
    expect(examples(page).locator(".aside").first).to_have_text(max(before))
    assert asides(page) == sorted(before, reverse=True)
    expect(order).to_be_focused()
    page.go_back()
    expect(order).to_have_value("central")
    expect(examples(page).locator(".aside")).to_have_text(before)


def test_filters(open_view):
    page = open_view(LARGE)
    rows = examples(page).get_by_role("listitem")
    expect(rows).to_have_count(14)
    page.get_by_label("Lowest activation").fill("90")
    page.keyboard.press("Enter")
    wait_for_query(page, "&least=90")
    passed = page.get_by_text(re.compile(r"^\d+ of 14 examples pass the filters\.$"))
    expect(rows).to_have_count(int(passed.inner_text().split()[0]))
    assert all(float(text) >= 3.6 - 0.005 for text in asides(page))
    page.get_by_label("Holds").fill(" river")
    page.keyboard.press("Enter")
    wait_for_query(page, "&least=90&holds=+river")
    page.get_by_label("Lowest activation").fill("")
    page.keyboard.press("Tab")
    wait_for_query(page, "&neuron=0&holds=+river")
    expect(examples(page).locator("li:not(:has(.hit))")).to_have_count(0)
    page.get_by_label("Holds").fill("")
    page.get_by_label("Source").fill(FILES[1])
    page.keyboard.press("Enter")
    wait_for_query(page, "&neuron=0&source=%3Cb%3Ebold%3C%2Fb%3E.txt")
    expect(examples(page).locator("li").filter(has_not_text=FILES[1])).to_have_count(0)
    page.get_by_label("Holds").fill("no such token")
    page.keyboard.press("Enter")
    expect(page.get_by_text("None of the 14 examples passes the filters.")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    wait_for_query(page, "&neuron=0")
    expect(rows).to_have_count(14)


@pytest.mark.slow
def test_server_rejects_an_invalid_filter(open_view):
    page = open_view(LARGE)
    page.get_by_role("spinbutton", name="Highest activation").fill("60")
    page.get_by_label("Lowest activation").fill("80")
    page.keyboard.press("Enter")
    expect(page.locator('[data-testid="stAlert"]')).to_contain_text("least")


@pytest.mark.slow
def test_baseline_changes_the_underlined_tokens(open_view):
    page = open_view(LARGE)
    underlined = "all => all.map(each => each.className)"
    first = examples(page).locator("li").first.locator(".token")
    expect(first.first).to_be_visible()
    before = first.evaluate_all(underlined)
    page.get_by_label("Masked by").select_option("mean-embedding")
    wait_for_query(page, "&baseline=mean-embedding")
    expect(page.get_by_text("masked tokens replaced by mean-embedding")).to_be_visible()
    assert first.evaluate_all(underlined) != before
    examples(page).locator("li").first.locator(".token.key").hover()
    tip = page.get_by_role("tooltip").filter(has_text="key token")
    expect(tip).to_contain_text("mean-embedding; all: mask-token +1.00, mean-embedding +1.00")


@pytest.mark.slow
def test_tokens_with_disagreeing_baselines_are_announced(open_view):
    page = open_view(LARGE)
    examples(page).focus()
    status = page.get_by_role("status").filter(has_text="Example 0")
    words = []
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        words.append(status.inner_text())
    for text in words:
        values = [float(each.replace("−", "-")) for each in re.findall(r"(?:token|embedding) ([+−][\d.]+)", text)]
        if values and abs(min(map(abs, values)) - 0.03) > 0.01:  # numbers on the screen are rounded
            assert ("disagree" in text) == (min(values) < -0.03 and max(values) > 0.03), text
    assert any("disagree" in text for text in words)


@pytest.mark.slow
def test_values_are_in_the_address(open_view):
    page = open_view(LARGE)
    page.get_by_role("button", name="Values").click()
    expect(examples(page).locator(".value").first).to_be_visible()
    wait_for_query(page, "&values=on")
    page.reload()
    expect(examples(page).locator(".key .value").first).to_have_text(re.compile(r"^\s*\d\.\d\d \+1\.00\s*$"))
    page.get_by_role("button", name="Values").click()
    expect(examples(page).locator(".value")).to_have_count(0)
    wait_for_query(page, "&neuron=0")


def test_copied_table_has_one_row_per_token(open_view):
    page = open_view(SCRIPTS)
    page.evaluate(CLIPBOARD)
    page.locator("summary", has_text="Copy").click()
    page.get_by_role("button", name="All 4 as a table (TSV)").click()
    expect(page.get_by_role("status").filter(has_text="Copied 4 examples as a table.")).to_be_visible()
    (table,) = page.evaluate("copied")
    head, *rows = csv.reader(table.splitlines(), "excel-tab")
    assert head[:5] == ["example", "position", "key", "token", "activation"]
    assert head[5:] == ["importance (mask-token)", "importance (mean-embedding)"]
    assert {len(row) for row in rows} == {7}
    keys = [row for row in rows if row[2] == "1"]
    assert [row[3] for row in keys] == ["<script>alert(1)</script>"] * 4
    assert all(3.1 <= float(row[4]) <= 4 for row in keys)


@pytest.mark.slow
def test_copied_cells_escape_formulas_and_quotes(open_view):
    """Run the function that formats cells, read from the component's file."""
    page, source = open_view("about"), (FOLDER / "tokens_copy.js").read_text()
    texts = ["=1+1", " @x", "-2", "+", "a=b", " cat", '="', '"><img']
    cells = page.evaluate("([source, texts]) => texts.map(new Function(source + '; return cell')())", [source, texts])
    assert cells == ["'=1+1", "' @x", "'-2", "'+", "a=b", " cat", '"\'="""', '"""><img"']


@pytest.mark.slow
def test_example_is_copied_by_keyboard_without_the_clipboard_api(open_view):
    page = open_view(LARGE)
    page.evaluate(NO_CLIPBOARD)
    page.evaluate("document.addEventListener('copy', () => { window.copied = true; })")
    examples(page).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    copy = page.get_by_role("button", name="Copy text of example 1")
    expect(copy).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Copied 1 example as text.")).to_be_visible()
    assert page.evaluate("copied")
    expect(page.get_by_role("textbox", name="To copy")).to_be_hidden()


@pytest.mark.slow
def test_text_is_selected_if_copying_is_not_allowed(open_view):
    page = open_view(LARGE)
    page.evaluate(NO_COPY)
    page.locator("summary", has_text="Copy").click()
    page.get_by_role("button", name="All 14 as text").click()
    box = page.get_by_role("textbox", name="To copy")
    expect(box).to_be_focused()
    lines = box.input_value().rstrip("\n").split("\n")
    assert len(lines) == 14
    assert all(" cat" in line for line in lines)
    assert box.evaluate("each => each.selectionEnd - each.selectionStart === each.value.length")
    expect(page.get_by_role("status").filter(has_text="press Ctrl+C")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_narrow_screen_does_not_scroll_sideways(theme, open_view):
    page = open_view(SCRIPTS + "&values=on&sort=near", width=420, theme=theme)
    expect(examples(page, 2).get_by_role("listitem")).to_have_count(4)
    wide = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
        .map(box => box.scrollWidth - box.clientWidth)"""
    assert page.evaluate(wide) == [0, 0]
    assert page.get_by_role("form", name="Display of the examples").bounding_box()["height"] < 160


def test_whole_example_opens_by_key_and_button(open_view):
    page = open_view(LARGE + "&context=short")
    row = examples(page).locator("li").nth(1)
    tokens = row.locator(".token")
    expect(row.locator(".token.key")).to_have_text("cat")  # its inner text is empty until the row has a layout
    before = tokens.count()
    examples(page).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("w")
    expect(row.locator(".far")).to_have_count(2)
    assert tokens.count() >= before
    expect(row.locator(".token.key")).to_have_text("cat")
    expect(page.get_by_role("status").filter(has_text="Example 1: the whole example")).to_be_attached()
    assert "whole" not in page.url
    button = row.get_by_role("button", name="Only the window of example 1")
    expect(button).to_have_attribute("aria-expanded", "true")
    page.get_by_role("button", name="Values").click()  # the page is drawn again, the example stays open
    wait_for_query(page, "&values=on")
    expect(row.locator(".far")).to_have_count(2)
    button.click()
    expect(row.locator(".far")).to_have_count(0)
    assert tokens.count() == before
    expect(page.get_by_role("button", name="The whole of example 1")).to_be_focused()
