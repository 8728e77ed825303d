"""The URL: the only state of a view. It is read and checked before anything is drawn, and written by one function.

A wrong parameter becomes one line that says what would have worked, and the nearest sensible value takes its place.
"""

import bisect
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

import streamlit as st

from ne_core.text.phrases import listed
from pages.components.base.escape import markdown
from pages.components.url import address, last_views

SETTLED = "_settled"  # in the session's state: whether it has shown a view


@dataclass
class Location:
    """What the address bar asks for, checked parameter by parameter."""

    asked: dict[str, str]
    atlas: str
    problems: list[str] = field(default_factory=list)

    def whole(self, name: str, allowed: Sequence[int], default: int, what: str) -> int:
        """A whole number among `allowed` (ascending); `default` without one, the nearest for a wrong number."""
        text = self.asked.get(name)
        if text is None:
            return default
        number = int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None
        if number is not None and number in allowed:  # None would be looked for among a million one by one
            return number
        self.wrong(name, what)
        return default if number is None else nearest(allowed, number)

    def number(self, name: str, low: float, high: float, default: float, what: str) -> float:
        """A number from `low` to `high`, to four decimals; `default` without one, the nearest for one outside."""
        text = self.asked.get(name)
        if text is None:
            return default
        number = float(text) if re.fullmatch(r"-?([0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9})", text) else None
        if number is None or not low <= number <= high:
            self.wrong(name, what)
        return default if number is None else round(min(high, max(low, number)), 4)

    def choice(self, name: str, options: Sequence[str], default: str, what: str) -> str:
        text = self.asked.get(name, default)
        if text in options:
            return text
        self.wrong(name, f"{what} {listed(options)}")
        return default

    def text(self, name: str, longest: int, long: str = "") -> str:
        """A text, and of one that is too long its beginning; `long` is the message then."""
        text = self.asked.get(name, "")
        if len(text) > longest:
            most = f"at most {longest} characters, only the first {longest} count"
            self.wrong(name, long or f"a text that is looked for has {most}")
        return text[:longest]

    def wrong(self, name: str, what: str) -> None:
        text = self.asked[name]
        shown = text if len(text) <= 40 else text[:39] + "…"
        self.problems.append(f"{name}={shown}: {what}")

    def show_problems(self) -> None:
        for line in self.problems:
            st.error(markdown(line), icon=":material/wrong_location:")


def nearest(allowed: Sequence[int], number: int) -> int:
    """The nearest of ascending numbers, of which there may be a million; of two as near the lower."""
    at = bisect.bisect(allowed, number)
    return min(allowed[max(0, at - 1) : at + 1], key=lambda value: abs(value - number))


def read(atlas: str) -> Location:
    """What the URL asks of the open atlas, by its folder's name."""
    return Location(address.asked(), atlas)


def go(query: dict[str, str]) -> None:
    """Move to a view of the same page. Call it in callbacks.

    Every call that changes something is a step that the browser's back button takes back.
    """
    address.step_to(query)


def settle(location: Location, query: dict[str, str]) -> None:
    """Remember the view, and make the address bar show it, unless it holds something wrong that the message is about.

    The browser writes it in place of the address that it asked by (address.js). Streamlit sends the query with every
    request, so it hears of it too, even where nothing differs: what it last heard may be of a page that was left. But
    not in the first run: nothing is there yet to keep it from adding an entry to the history.
    """
    last_views.remember(st.session_state[address.PAGE], query)
    right = not location.problems and location.asked.get("atlas", location.atlas) == location.atlas
    if st.session_state.get(SETTLED):
        st.query_params.from_dict(query if right else location.asked)
    st.session_state[SETTLED] = True
    address.settled(location.asked, urlencode(query) if right else None)


def moved(
    widget: str, query: Callable[[object], dict[str, str]], among: Collection | None = None
) -> Callable[[], None]:
    """A callback that moves to the view which a widget's new value asks for.

    Not every client is a browser, and Streamlit hands on what it says: a value that is not `among` the options moves
    nothing. Numbers are not compared with their limits here: the URL is, when it is read.
    """

    def move() -> None:
        value = st.session_state[widget]
        if among is None or value in among:
            go(query(value))

    return move


def numbers(allowed: Sequence[int], singular: str) -> str:
    """“layers 0 to 3”, “layers 0, 2 and 5”, “layer 3”: numbers in ascending order, in words."""
    first, last = allowed[0], allowed[-1]
    if first == last:
        return f"only {singular} {first}"
    if last - first == len(allowed) - 1:
        return f"{singular}s {first} to {last}"
    *most, last = map(str, allowed)
    return f"{singular}s {', '.join(most)} and {last}"
