"""One browser page for many tests: reloading the app takes a third of the time of its first load."""

import contextlib
from collections.abc import Callable, Iterator

from tests.support.browser import PageErrors, settled

TIMEOUT_MS = 20_000
# The full address is written after a moment; a wrong address stays, with a message.
ADDRESS_READY = "/[?&]atlas=/.test(location.search) || document.querySelector('[data-testid=stAlert]')"


class ReusedPage:
    """A page that each test gets in a clean state: nothing stored, no other page open.

    A test that requests options, a second page, or a `fresh` one gets a new page in its own context.
    """

    def __init__(self, browser, address: str) -> None:
        self.browser, self.address = browser, address
        self.context = self.page = None
        self.free, self.page_errors, self.contexts = False, [], []

    def __enter__(self) -> "ReusedPage":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        if self.context:
            self.context.close()
        self.context = self.page = None

    @contextlib.contextmanager
    def test(self) -> Iterator[Callable]:
        """Yield the function that opens a view, for one test; fail if a page had errors."""
        self.free, self.page_errors, self.contexts = True, [], []
        try:
            yield self.open
            lines = [line for each in self.page_errors for line in each.errors]
            assert not lines, "\n".join(lines)
            self.empty()
        except BaseException:
            self.close()
            raise
        finally:
            for context in self.contexts:
                context.close()

    def open(self, view: str, width: int = 1280, height: int = 900, theme: str = "light", fresh=False, **options):
        """Return a page that displays the view, once it is drawn."""
        page = self.new_page(**options) if fresh or options or not self.free else self.same_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme)
        self.page_errors.append(PageErrors(page, self.address))
        page.goto(f"{self.address}/{view}")
        page.locator("h1").first.wait_for()
        settled(page)
        page.wait_for_function(ADDRESS_READY)
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
        """Clear the page for the next test: no storage, no other page, no listeners."""
        if self.free or self.page is None:
            return
        for other in self.context.pages:
            if other != self.page:
                other.close()
        self.page.evaluate("localStorage.clear(); sessionStorage.clear()")
        self.page.goto("about:blank")
        for each in self.page_errors:
            each.end()
