"""The URL, the only state of a view: read and checked before anything is drawn, and written by one function.

An invalid parameter is reported in one line with the valid values, and replaced with the nearest valid one.
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
    """The request of the address bar, checked parameter by parameter; `problems` has a line for each invalid one."""

    query: dict[str, str]
    atlas: str
    problems: list[str] = field(default_factory=list)

    def whole(self, name: str, allowed: Sequence[int], default: int, what: str) -> int:
        """Read a whole number among `allowed` (ascending); the nearest for another number, else `default`."""
        text = self.query.get(name)
        if text is None:
            return default
        number = int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None
        if number is not None and number in allowed:  # a search for None would compare a million values
            return number
        self.add_problem(name, what)
        return default if number is None else nearest(allowed, number)

    def number(self, name: str, low: float, high: float, default: float, what: str) -> float:
        """Read a number from `low` to `high`, to four decimals; the nearest for one outside, else `default`."""
        text = self.query.get(name)
        if text is None:
            return default
        number = float(text) if re.fullmatch(r"-?([0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9})", text) else None
        if number is None or not low <= number <= high:
            self.add_problem(name, what)
        return default if number is None else round(min(high, max(low, number)), 4)

    def choice(self, name: str, options: Sequence[str], default: str, what: str) -> str:
        text = self.query.get(name, default)
        if text in options:
            return text
        self.add_problem(name, f"{what} {listed(options)}")
        return default

    def text(self, name: str, longest: int) -> str:
        """Read a search text, truncated to `longest` characters."""
        text = self.query.get(name, "")
        if len(text) > longest:
            self.add_problem(name, f"only the first {longest} characters are used")
        return text[:longest]

    def add_problem(self, name: str, what: str) -> None:
        text = self.query[name]
        value = text if len(text) <= 40 else text[:39] + "…"
        self.problems.append(f"{name}={value}: {what}")

    def show_problems(self) -> None:
        for line in self.problems:
            st.error(markdown(line), icon=":material/wrong_location:")


def nearest(allowed: Sequence[int], number: int) -> int:
    """Nearest of ascending numbers, by bisection since there may be a million; the lower of two equally near."""
    index = bisect.bisect(allowed, number)
    return min(allowed[max(0, index - 1) : index + 1], key=lambda value: abs(value - number))


def read(atlas: str) -> Location:
    """Read the URL as a request to the open atlas of this name."""
    return Location(address.current_query(), atlas)


def go(query: dict[str, str]) -> None:
    """Move to a view of the same page. Call it in callbacks.

    Every call that changes the address is one step for the browser's back button.
    """
    address.step_to(query)


def settle(request: Location, query: dict[str, str]) -> None:
    """Remember the view and write its complete query to the address bar, unless the request has a problem to show.

    The browser replaces the requested address with it (address.js). Streamlit, which sends the query with every
    request, is given it too, even if it is unchanged: it may still have the query of an earlier page. In the first run
    it is not, because address.js is not there yet to prevent an additional entry in the history.
    """
    last_views.remember(st.session_state[address.PAGE], query)
    valid = not request.problems and request.query.get("atlas", request.atlas) == request.atlas
    if st.session_state.get(SETTLED):
        st.query_params.from_dict(query if valid else request.query)
    st.session_state[SETTLED] = True
    address.send_address(request.query, urlencode(query) if valid else None)


def moved(
    widget: str, query: Callable[[object], dict[str, str]], among: Collection | None = None
) -> Callable[[], None]:
    """Make a callback that moves to the view of a widget's new value.

    A client may send any value, and Streamlit passes it on: a value that is not `among` the options is ignored.
    Numbers are not compared with their limits here, but when the URL is read.
    """

    def move() -> None:
        value = st.session_state[widget]
        if among is None or value in among:
            go(query(value))

    return move


def numbers(allowed: Sequence[int], singular: str) -> str:
    """“layers 0 to 3”, “layers 0, 2 and 5”, “only layer 3”: a phrase for ascending numbers."""
    first, last = allowed[0], allowed[-1]
    if first == last:
        return f"only {singular} {first}"
    if last - first == len(allowed) - 1:
        return f"{singular}s {first} to {last}"
    *most, last = map(str, allowed)
    return f"{singular}s {', '.join(most)} and {last}"
