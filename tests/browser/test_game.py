"""The intruder game in headless Chromium: choices by click and key, the score after a reload, results as a file."""

import csv
import json

import pytest

from tests.support import in_browser

expect, pytestmark = in_browser.expect, in_browser.pytestmark
GAME = "game?atlas=planted&seed=7"
STORED = "JSON.parse(localStorage.getItem('ne-game'))"
HOSTILE = [{"atlas": "planted"}, None, 3, "<script>alert(1)</script>"]


def choices(page):
    return page.locator("#examples button")


def expect_question(page, number: int) -> None:
    expect(page.get_by_role("list", name=f"Examples of question {number}", exact=True)).to_be_visible()


def right_example(page) -> int:
    """Index of the intruder, known once the question is answered."""
    return page.locator("#examples button").evaluate_all("all => all.findIndex(each => each.matches('.intruder'))")


def by_layer(page) -> list[str]:
    return page.locator("#split table").first.locator("td:nth-child(2)").all_inner_texts()


def test_game_by_click_and_key_and_its_score_after_a_reload(open_view):
    page = open_view(GAME)
    expect_question(page, 1)
    assert right_example(page) == -1
    choices(page).nth(2).click()
    expect(page.locator("#answer")).to_contain_text("is the intruder")
    first = right_example(page) == 2
    expect(choices(page).nth(2)).to_contain_text("your choice")
    choices(page).nth((right_example(page) + 1) % 6).click(force=True)  # a second choice does not count
    expect(page.locator("#score")).to_contain_text(f"Score: {int(first)} of 1 right")
    page.keyboard.press("Enter")
    expect_question(page, 2)
    page.keyboard.press("4")
    expect(page.locator("#answer")).to_contain_text("is the intruder")
    score = f"Score: {first + (right_example(page) == 3)} of 2 right"
    expect(page.locator("#score")).to_contain_text(score)
    page.reload()
    expect_question(page, 2)
    expect(page.locator("#score")).to_contain_text(score)
    expect(choices(page).nth(3)).to_contain_text("your choice")
    for number in (3, 4):  # the planted atlas has four questions
        page.keyboard.press("Enter")
        expect_question(page, number)
        expect(page.locator("#split table")).to_have_count(0)
        page.keyboard.press("1")
    expect(page.locator("#split table")).to_have_count(2)
    right = sum(each["chosen"] == each["answer"] for each in page.evaluate(STORED))
    assert sum(int(cell.split()[0]) for cell in by_layer(page)) == right
    page.locator("#facts a").last.click()
    expect(page.locator("h1")).to_contain_text("Neuron")


@pytest.mark.slow
def test_results_are_exported_and_cleared_and_odd_ones_are_left(open_view, tmp_path):
    page = open_view(GAME)
    expect_question(page, 1)
    page.evaluate(f"localStorage.setItem('ne-game', {json.dumps(json.dumps(HOSTILE))})")
    page.reload()
    expect_question(page, 1)
    page.keyboard.press("5")
    expect(page.locator("#score")).to_contain_text("of 1 right")
    assert page.evaluate(STORED)[1:] == HOSTILE
    with page.expect_download() as download:
        page.get_by_role("button", name="Export results (CSV)").click()
    download.value.save_as(tmp_path / "results.csv")
    with (tmp_path / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["atlas"], row["seed"], row["level"], row["question"], row["chosen"]) for row in rows] == [
        ("planted", "7", "activation", "0", "4")
    ]
    assert (rows[0]["right"] == "1") == (rows[0]["answer"] == "4")
    page.get_by_role("button", name="Clear results").click()
    expect(page.locator("#score")).to_contain_text("No question answered yet")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#score")).to_contain_text("of 1 right")
