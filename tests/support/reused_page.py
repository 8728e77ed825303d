"""One page of a browser for many tests: an app that is loaded again takes a third of the time of its first loading."""

import contextlib
from collections.abc import Callable, Iterator

from tests.support.browser import Heard, settled

TIMEOUT_MS = 20_000
# The address is written in full a moment later; where it is wrong it stays, and a message says so.
WRITTEN = "/[?&]atlas=/.test(location.search) || document.querySelector('[data-testid=stAlert]')"


class ReusedPage:
    """A page that each test gets as if it were new: nothing stored, no other page beside it.

    A test that asks for options of its own, for a second page, or for a `fresh` one gets a new page in its own context.
    """

    def __init__(self, browser, address: str) -> None:
        self.browser, self.address = browser, address
        self.context = self.page = None
        self.free, self.heard, self.contexts = False, [], []

    def __enter__(self) -> "ReusedPage":
        return self

    def __exit__(self, *_) -> None:
        self.drop()

    def drop(self) -> None:
        if self.context:
            self.context.close()
        self.context = self.page = None

    @contextlib.contextmanager
    def test(self) -> Iterator[Callable]:
        """The function that opens a view, for one test."""
        self.free, self.heard, self.contexts = True, [], []
        try:
            yield self.open
            wrong = [line for each in self.heard for line in each.wrong]
            assert not wrong, "\n".join(wrong)
            self.empty()
        except BaseException:
            self.drop()
            raise
        finally:
            for context in self.contexts:
                context.close()

    def open(self, view: str, width: int = 1280, height: int = 900, theme: str = "light", fresh=False, **more):
        """A page that shows the view, once it is drawn."""
        page = self.new_page(**more) if fresh or more or not self.free else self.same_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme)
        self.heard.append(Heard(page, self.address))
        page.goto(f"{self.address}/{view}")
        page.locator("h1").first.wait_for()
        settled(page)
        page.wait_for_function(WRITTEN)
        return page

    def new_page(self, **options):
        context = self.browser.new_context(**options)
        context.set_default_timeout(TIMEOUT_MS)
        self.contexts.append(context)
        return context.new_page()

    def same_page(self):
        self.free = False
        if self.page is None:
            self.context = self.browser.new_context()
            self.page = self.context.new_page()
        self.page.set_default_timeout(TIMEOUT_MS)
        return self.page

    def empty(self) -> None:
        """Leave nothing to the next test: no storage, no other page, nobody who listens."""
        if self.free or self.page is None:
            return
        for other in self.context.pages:
            if other != self.page:
                other.close()
        self.page.evaluate("localStorage.clear(); sessionStorage.clear()")
        self.page.goto("about:blank")
        for heard in self.heard:
            heard.end()
