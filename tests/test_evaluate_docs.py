"""The page of an evaluation: its command is one that gives it again."""

import shlex
from pathlib import Path

import pytest

from precompute.__main__ import parser
from precompute.evaluate.docs import command_of

GIVEN = [
    ["evaluate", "data/demo"],
    ["evaluate", "data/demo", "--model", "data/models/demo"],
    ["evaluate", "a folder", "--only", "names", "surgery", "--model", "my models/x", "--quick"],
    ["evaluate", "data/demo", "--only", "dictionaries", "--against", "data/a", "data/b c"],
]


@pytest.mark.parametrize("given", GIVEN)
def test_the_command_is_the_one_that_was_given(given):
    options = vars(parser().parse_args(given))
    words = shlex.split(command_of(options).removeprefix("python -m precompute "))
    assert len(words) == len(given), "nothing is said twice"
    assert vars(parser().parse_args(words)) == options


def test_no_page_of_the_documentation_has_an_option_twice():
    for page in Path("docs").glob("*.md"):
        for line in page.read_text(encoding="utf-8").splitlines():
            if "-m precompute " in line:
                words = [word for word in line.split() if word.startswith("--")]
                assert len(words) == len(set(words)), (page, line)
