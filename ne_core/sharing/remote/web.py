"""One request: which addresses are spoken to, how redirects are followed, who is given the hub's token.

https everywhere, http to this machine alone. A redirect never leads from elsewhere to this machine: what answers there
is not for others to ask. Nothing that a message says of an address goes beyond its path.
"""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from ne_core import VERSION
from ne_core.sharing.remote.errors import FetchError, PassingError

HUB = "https://huggingface.co"
THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
PASSING = (408, 425, 429, 500, 502, 503, 504)
LONGEST_WAIT_S = 60.0  # of those that a server asks for
DIRECT = {"http": "", "https": ""}  # no proxy


def endpoint() -> str:
    """The hub: HF_ENDPOINT, as its own client has it, or the one that everybody knows."""
    url = os.environ.get("HF_ENDPOINT") or HUB
    try:
        check_address(url)
    except FetchError as error:
        raise FetchError(f"HF_ENDPOINT: {error}") from None
    return url.rstrip("/")


def check_address(url: str) -> None:
    """Raise FetchError for an address that is not spoken to."""
    try:
        at = urlsplit(url)
        at.port  # noqa: B018  it is read for the error that it raises
    except ValueError:
        raise FetchError("an address that cannot be read: https://host/path would work") from None
    if "@" in at.netloc:
        raise FetchError(
            f"{at.scheme}://…@{at.hostname}: a name or a password in an address is not taken, leave it out"
        )
    if not at.hostname or not url.isascii() or not url.isprintable() or " " in url:
        raise FetchError("an address that cannot be read: https://host/path would work")
    if at.scheme != "https" and not (at.scheme == "http" and local(url)):
        raise FetchError(f"{shown(url)}: only https is spoken, and http to this machine")


def local(url: str) -> bool:
    return urlsplit(url).hostname in THIS_MACHINE


def shown(url: str) -> str:
    """An address as a message may show it: its query can hold a key."""
    at = urlsplit(url)
    host = at.netloc.rpartition("@")[2]
    return f"{at.scheme}://{host}{at.path[:200]}" + ("?…" if at.query else "")


def origin(url: str) -> tuple[str, str | None, int | None]:
    at = urlsplit(url)
    return at.scheme, at.hostname, at.port or {"https": 443, "http": 80}[at.scheme]


class Web:
    """Connections, kept from file to file. One for each fetch."""

    def __init__(self, connect_s: float = 10.0, read_s: float = 30.0):
        self.timeouts = (connect_s, read_s)
        self.session = requests.Session()
        self.session.headers = {"User-Agent": f"neuron-embeddings/{VERSION}", "Accept-Encoding": "identity"}
        self.session.auth = lambda request: request  # or requests would look for a password in ~/.netrc
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    @contextmanager
    def answer(
        self, url: str, headers: dict[str, str] | None = None, method: str = "GET", allowed: tuple[int, ...] = ()
    ) -> Iterator[requests.Response]:
        """What stands at an address, its body still to be read; `allowed` are statuses that are no error here.

        Raises PassingError for trouble that may pass.
        """
        check_address(url)
        for _ in range(MOST_REDIRECTS + 1):
            with speaking_of(url), self.request(method, url, headers or {}) as response:
                if response.status_code not in REDIRECTS:
                    if response.status_code not in allowed:
                        check_status(url, response)
                    yield response
                    return
                url = onward(url, response.headers.get("Location", ""))
        raise FetchError(f"{shown(url)} was reached over more than {MOST_REDIRECTS} redirects, and redirects again")

    def request(self, method: str, url: str, headers: dict[str, str]) -> requests.Response:
        return self.session.request(
            method,
            url,
            headers=headers | token_for(url),
            timeout=self.timeouts,
            stream=True,
            allow_redirects=False,
            proxies=DIRECT if local(url) else None,
        )


def token_for(url: str) -> dict[str, str]:
    """The hub's own host is told who asks, and no other."""
    token = os.environ.get("HF_TOKEN", "").strip()
    return {"Authorization": f"Bearer {token}"} if token and origin(url) == origin(endpoint()) else {}


def onward(url: str, location: str) -> str:
    """Where a redirect leads. Raises FetchError where it must not be followed."""
    to = urljoin(url, location)
    try:
        check_address(to)
    except FetchError as error:
        raise FetchError(f"{shown(url)} redirects to an address that is not followed: {error}") from None
    if local(to) and not local(url):
        raise FetchError(f"{shown(url)} redirects to this machine, which is not followed")
    return to


@contextmanager
def speaking_of(url: str) -> Iterator[None]:
    """Trouble of the network as one line: what the libraries say of it quotes the address in full."""
    try:
        yield
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        raise PassingError(f"{shown(url)} did not answer in time") from None
    except requests.exceptions.SSLError:
        raise FetchError(f"{shown(url)} has no certificate that this machine trusts") from None
    except requests.ConnectionError:
        raise PassingError(f"{shown(url)} cannot be reached from here") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError):
        raise PassingError(f"{shown(url)} was cut off, or what it answers is not HTTP") from None


def check_status(url: str, response: requests.Response) -> None:
    """Raise unless it is what was asked for; 416 is for the caller, who knows what was asked."""
    status = response.status_code
    if status in (200, 206, 416):
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise FetchError(f"{shown(url)} answered in an encoding that was not asked for")
    elif status in PASSING:
        raise PassingError(f"{shown(url)} answered {status}: busy, or out of order", wait(response))
    elif status in (401, 403):
        raise FetchError(
            f"{shown(url)} answered {status}: it is private, or not there; check the name, or set HF_TOKEN"
        )
    elif status in (404, 410):
        raise FetchError(f"{shown(url)} answered {status}: nothing is there; check the name")
    else:
        raise FetchError(f"{shown(url)} answered {status}")


def wait(response: requests.Response) -> float:
    """The seconds that the server asks to wait, within reason."""
    try:
        asked = float(response.headers.get("Retry-After", 0))
    except ValueError:  # a date
        return 0.0
    return min(LONGEST_WAIT_S, max(0.0, asked)) if math.isfinite(asked) else 0.0
