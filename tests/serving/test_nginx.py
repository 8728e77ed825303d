"""The explorer under a sub-path behind nginx: every page under the security policy, and refused requests."""

import base64
import contextlib
import hashlib
import http.client
import re
import subprocess
from pathlib import Path

import pytest
import streamlit
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pages.components.shell.nav import PAGES
from precompute.publish.host import host
from tests.bench.visits.server import browse, run_page
from tests.support import in_browser
from tests.support.browser import PageErrors, free_port, launched, settled
from tests.support.servers import nginx

expect = in_browser.expect
pytestmark = [
    *in_browser.pytestmark,
    pytest.mark.skipif(nginx.NGINX is None and not nginx.REQUIRED, reason="no nginx here: apt-get install nginx-light"),
]
CONFIGURATION = Path("deploy/nginx/neuron-embeddings.conf").read_text()


@pytest.fixture(scope="module")
def site(tiny_atlas, tmp_path_factory) -> str:
    """Yield host and port of an nginx with an explorer behind it under /see/."""
    folder = tmp_path_factory.mktemp("nginx")
    host("nginx", str(tiny_atlas), folder / "written", None, "127.0.0.1", "see")
    options, port = ["--server.baseUrlPath=see"], free_port()
    with launched(None, subprocess.DEVNULL, *options, folder=folder / "written") as (process, explorer):
        configuration = nginx.write_configuration(folder / "written" / "neuron-embeddings.conf", folder, port, explorer)
        with browse(process, explorer, "see/"), nginx.run_nginx(configuration, f"http://127.0.0.1:{port}/see"):
            yield f"127.0.0.1:{port}"


@pytest.fixture
def open_view(site, browser):
    """Yield a function that opens an address in a browser; fail afterwards on errors, including policy violations."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page_errors = PageErrors(page, f"http://{site}/")

    def open_address(path: str):
        page.goto(f"http://{site}{path}")
        page.locator("h1").first.wait_for()
        settled(page)
        return page

    yield open_address
    context.close()
    assert not page_errors.errors, "\n".join(page_errors.errors)


def links(page) -> list[str]:
    """Return the target of every link of a page, including those in components."""
    read = "links => links.map((link) => new URL(link.getAttribute('href'), document.baseURI).href)"
    return page.locator("a[href]").evaluate_all(read)


@pytest.mark.slow
def test_every_page_works_under_the_sub_path(open_view, site):
    for page in PAGES:
        browser_page = open_view(f"/see/{page}?atlas=planted")
        browser_page.wait_for_timeout(500)  # components draw after the script has ended
        internal = [link for link in links(browser_page) if not link.startswith("https://arxiv.org/")]
        assert len(internal) >= len(PAGES) - 1
        assert [link for link in internal if not link.startswith(f"http://{site}/see/")] == [], page


@pytest.mark.slow
def test_deep_link_and_history(open_view, site):
    page = open_view("/see/ranking?atlas=planted&sort=size")
    page.get_by_role("table", name="Neurons").locator("tbody tr a").first.click()
    expect(page).to_have_url(re.compile(rf"^http://{site}/see/neuron\?atlas=planted&"))
    expect(page.locator("h1")).to_have_text(re.compile("^Layer"))
    page.get_by_role("link", name="Search").first.click()
    expect(page).to_have_url(re.compile(rf"^http://{site}/see/search\?"))
    page.go_back()
    expect(page.locator("h1")).to_have_text(re.compile("^Layer"))
    page.reload()
    expect(page.locator("h1")).to_have_text(re.compile("^Layer"))


@pytest.mark.slow
def test_first_page_without_trailing_slash(open_view, site):
    """Relative links would leave the sub-path without the slash."""
    page = open_view("/see?atlas=planted")
    page.get_by_role("link", name="Ranking").first.click()
    expect(page).to_have_url(re.compile(rf"^http://{site}/see/ranking\?atlas=planted"))


@pytest.mark.slow
def test_figure_can_be_saved(open_view, tmp_path):
    """The figure is drawn in the browser, from data: and blob: addresses."""
    page = open_view("/see/neuron?atlas=planted&layer=2&neuron=3")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Dendrogram as PNG", exact=True).click()
    download.value.save_as(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:4] == b"\x89PNG"


def send_request(site: str, method: str, path: str, body: bytes | None = None) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(site, timeout=10)
    connection.request(method, path, body)
    answer = connection.getresponse()
    answer.read()
    return answer


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/see/neuron", 200),
        ("HEAD", "/see/_stcore/health", 200),
        ("PUT", "/see/_stcore/upload_file/a/b", 403),
        ("POST", "/see/_stcore/agent/mcp", 403),
        ("GET", "/see/_stcore/metrics", 404),
        ("GET", "/", 404),
        ("GET", "/neuron", 404),
    ],
)
def test_status_and_headers(site, method, path, status):
    answer = send_request(site, method, path)
    assert answer.status == status
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Referrer-Policy") == "same-origin"
    assert "frame-ancestors 'self'" in answer.getheader("Content-Security-Policy")


def test_large_body_is_refused(site):
    assert send_request(site, "GET", "/see/", b"x" * 2000).status == 413


def test_foreign_origin_is_refused(site):
    address = f"ws://{site}/see/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], origin=f"http://{site}", max_size=None) as connection:
        run_page(connection, "about")
    with pytest.raises(InvalidStatus) as refused:
        connect(address, subprotocols=["streamlit"], origin="https://elsewhere.example").__enter__()
    assert refused.value.response.status_code == 403


def test_views_per_address_are_limited(site):
    """The next view gets 429, and the others continue."""
    address, most = f"ws://{site}/see/_stcore/stream", int(re.search(r"explorer_views (\d+);", CONFIGURATION)[1])
    with contextlib.ExitStack() as views:
        first, *_ = [views.enter_context(connect(address, subprotocols=["streamlit"])) for _ in range(most)]
        with pytest.raises(InvalidStatus) as refused:
            views.enter_context(connect(address, subprotocols=["streamlit"]))
        assert refused.value.response.status_code == 429
        run_page(first, "about")


def test_policy_allows_only_streamlits_script():
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text()
    scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert re.findall(r"'sha256-([^']+)'", CONFIGURATION) == hashes
    assert "unsafe-eval" not in CONFIGURATION
    assert re.findall(r"script-src ([^;]*);", CONFIGURATION)[0].split()[:2] == ["'self'", "blob:"]
