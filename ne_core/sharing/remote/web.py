"""One HTTP request: allowed addresses, redirects, and the hub's token.

Only https is allowed, and http to this machine. A redirect never leads from elsewhere to this machine, whose services
are not for others. Messages never show more of an address than its path.
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
LONGEST_WAIT_S = 60.0  # limit on the wait that a server asks for
DIRECT = {"http": "", "https": ""}  # no proxy


def endpoint() -> str:
    """Return the address of the hub: HF_ENDPOINT, as its own client uses it, or the default. Raises FetchError."""
    url = os.environ.get("HF_ENDPOINT") or HUB
    try:
        check_address(url)
    except FetchError as error:
        raise FetchError(f"HF_ENDPOINT: {error}") from None
    return url.rstrip("/")


def check_address(url: str) -> None:
    """Raise FetchError for an address that is not allowed."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  it raises ValueError for an invalid port
    except ValueError:
        raise FetchError("an invalid address: https://host/path would work") from None
    if "@" in parts.netloc:
        raise FetchError(
            f"{parts.scheme}://…@{parts.hostname}: a name or a password in an address is not allowed, leave it out"
        )
    if not parts.hostname or not url.isascii() or not url.isprintable() or " " in url:
        raise FetchError("an invalid address: https://host/path would work")
    if parts.scheme != "https" and not (parts.scheme == "http" and local(url)):
        raise FetchError(f"{redacted(url)}: only https is allowed, and http to this machine")


def local(url: str) -> bool:
    """Return whether the address is on this machine."""
    return urlsplit(url).hostname in THIS_MACHINE


def redacted(url: str) -> str:
    """Return an address as a message may show it: its query can contain a key."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path[:200]}" + ("?…" if parts.query else "")


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of the address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}[parts.scheme]


class Web:
    """A session of connections, reused from file to file; one for each fetch."""

    def __init__(self, connect_s: float = 10.0, read_s: float = 30.0):
        self.timeouts = (connect_s, read_s)
        self.session = requests.Session()
        self.session.headers = {"User-Agent": f"neuron-embeddings/{VERSION}", "Accept-Encoding": "identity"}
        self.session.auth = lambda request: request  # else requests would look for a password in ~/.netrc
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    @contextmanager
    def answer(
        self, url: str, headers: dict[str, str] | None = None, method: str = "GET", allowed: tuple[int, ...] = ()
    ) -> Iterator[requests.Response]:
        """Yield the response at an address with its body unread; `allowed` are statuses that are no error here.

        Raises PassingError for temporary failures, FetchError for others.
        """
        check_address(url)
        for _ in range(MOST_REDIRECTS + 1):
            with network_errors(url), self.request(method, url, headers or {}) as response:
                if response.status_code not in REDIRECTS:
                    if response.status_code not in allowed:
                        check_status(url, response)
                    yield response
                    return
                url = redirect_target(url, response.headers.get("Location", ""))
        raise FetchError(f"{redacted(url)} was reached over more than {MOST_REDIRECTS} redirects, and redirects again")

    def request(self, method: str, url: str, headers: dict[str, str]) -> requests.Response:
        """One request, with the token where the address is the hub's."""
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
    """Return the token's header for the hub's own host, and for no other."""
    token = os.environ.get("HF_TOKEN", "").strip()
    return {"Authorization": f"Bearer {token}"} if token and origin(url) == origin(endpoint()) else {}


def redirect_target(url: str, location: str) -> str:
    """Return the address that a redirect leads to. Raises FetchError if it must not be followed."""
    target = urljoin(url, location)
    try:
        check_address(target)
    except FetchError as error:
        raise FetchError(f"{redacted(url)} redirects to an address that is not allowed: {error}") from None
    if local(target) and not local(url):
        raise FetchError(f"{redacted(url)} redirects to this machine, which is not allowed")
    return target


@contextmanager
def network_errors(url: str) -> Iterator[None]:
    """Raise network errors as one line: those of the libraries quote the address in full."""
    try:
        yield
    except (requests.Timeout, urllib3.exceptions.TimeoutError):
        raise PassingError(f"{redacted(url)} did not answer in time") from None
    except requests.exceptions.SSLError:
        raise FetchError(f"{redacted(url)} has no certificate that this machine trusts") from None
    except requests.ConnectionError:
        raise PassingError(f"{redacted(url)} cannot be reached from here") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError):
        raise PassingError(f"{redacted(url)} was cut off, or its answer is not HTTP") from None


def check_status(url: str, response: requests.Response) -> None:
    """Raise unless the status is a success; 416 is left to the caller, who knows the requested range."""
    status = response.status_code
    if status in (200, 206, 416):
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise FetchError(f"{redacted(url)} answered in an encoding that was not requested")
    elif status in PASSING:
        raise PassingError(f"{redacted(url)} answered {status}: busy, or out of order", retry_after_s(response))
    elif status in (401, 403):
        raise FetchError(
            f"{redacted(url)} answered {status}: it is private, or not there; check the name, or set HF_TOKEN"
        )
    elif status in (404, 410):
        raise FetchError(f"{redacted(url)} answered {status}: nothing is there; check the name")
    else:
        raise FetchError(f"{redacted(url)} answered {status}")


def retry_after_s(response: requests.Response) -> float:
    """Seconds that the server asks to wait, at most LONGEST_WAIT_S."""
    try:
        seconds = float(response.headers.get("Retry-After", 0))
    except ValueError:  # a date
        return 0.0
    return min(LONGEST_WAIT_S, max(0.0, seconds)) if math.isfinite(seconds) else 0.0
