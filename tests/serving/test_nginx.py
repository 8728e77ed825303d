"""The explorer under a sub-path behind nginx: every page in a browser under the written policy; what is refused."""

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
from tests.bench.server import browse, run_page
from tests.support import in_browser, nginx
from tests.support.browser import Heard, free_port, launched, settled

expect = in_browser.expect
pytestmark = [
    *in_browser.pytestmark,
    pytest.mark.skipif(nginx.NGINX is None and not nginx.REQUIRED, reason="no nginx here: apt-get install nginx-light"),
]
CONFIGURATION = Path("deploy/nginx/neuron-embeddings.conf").read_text()


@pytest.fixture(scope="module")
def site(tiny_atlas, tmp_path_factory) -> str:
    """Host and port of an nginx with an explorer behind it under /see/."""
    folder = tmp_path_factory.mktemp("nginx")
    host("nginx", str(tiny_atlas), folder / "written", None, "127.0.0.1", "see")
    options, port = ["--server.baseUrlPath=see"], free_port()
    with launched(None, subprocess.DEVNULL, *options, folder=folder / "written") as (process, explorer):
        written = nginx.configured(folder / "written" / "neuron-embeddings.conf", folder, port, explorer)
        with browse(process, explorer, "see/"), nginx.in_front(written, f"http://127.0.0.1:{port}/see"):
            yield f"127.0.0.1:{port}"


@pytest.fixture
def opened(site, browser):
    """Opens an address in a browser; afterwards nothing wrong was heard, the policy's refusals among it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    heard = Heard(page, f"http://{site}/")

    def open_address(path: str):
        page.goto(f"http://{site}{path}")
        page.locator("h1").first.wait_for()
        settled(page)
        return page

    yield open_address
    context.close()
    assert not heard.wrong, "\n".join(heard.wrong)


def links(page) -> list[str]:
    """Where every link of a page leads, those in components too."""
    read = "links => links.map((link) => new URL(link.getAttribute('href'), document.baseURI).href)"
    return page.locator("a[href]").evaluate_all(read)


@pytest.mark.slow
def test_every_page_works_under_the_sub_path(opened, site):
    for page in PAGES:
        shown = opened(f"/see/{page}?atlas=planted")
        shown.wait_for_timeout(500)  # components draw after the script has ended
        found = [link for link in links(shown) if not link.startswith("https://arxiv.org/")]
        assert len(found) >= len(PAGES) - 1
        assert [link for link in found if not link.startswith(f"http://{site}/see/")] == [], page


def test_a_deep_link_leads_on_and_comes_back(opened, site):
    page = opened("/see/ranking?atlas=planted&sort=size")
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
def test_the_first_page_is_found_without_its_slash(opened, site):
    """Its links are relative: without the slash they would lead out of the sub-path."""
    page = opened("/see?atlas=planted")
    page.get_by_role("link", name="Ranking").first.click()
    expect(page).to_have_url(re.compile(rf"^http://{site}/see/ranking\?atlas=planted"))


@pytest.mark.slow
def test_a_picture_is_saved_under_the_policy(opened, tmp_path):
    """It is drawn in the browser, out of data: and blob: addresses."""
    page = opened("/see/neuron?atlas=planted&layer=2&neuron=3")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as found:
        page.get_by_role("button", name="Dendrogram as PNG", exact=True).click()
    found.value.save_as(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes()[:4] == b"\x89PNG"


def asked(site: str, method: str, path: str, body: bytes | None = None) -> http.client.HTTPResponse:
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
def test_what_is_answered_and_what_is_not(site, method, path, status):
    answer = asked(site, method, path)
    assert answer.status == status
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Referrer-Policy") == "same-origin"
    assert "frame-ancestors 'self'" in answer.getheader("Content-Security-Policy")


def test_a_body_is_refused_before_it_is_read(site):
    assert asked(site, "GET", "/see/", b"x" * 2000).status == 413


def test_another_site_may_not_use_the_websocket(site):
    address = f"ws://{site}/see/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], origin=f"http://{site}", max_size=None) as connection:
        run_page(connection, "about")
    with pytest.raises(InvalidStatus) as refused:
        connect(address, subprotocols=["streamlit"], origin="https://elsewhere.example").__enter__()
    assert refused.value.response.status_code == 403


def test_one_address_holds_only_so_many_views(site):
    """The next is told to come later, and the others go on."""
    address, most = f"ws://{site}/see/_stcore/stream", int(re.search(r"explorer_views (\d+);", CONFIGURATION)[1])
    with contextlib.ExitStack() as views:
        first, *_ = [views.enter_context(connect(address, subprotocols=["streamlit"])) for _ in range(most)]
        with pytest.raises(InvalidStatus) as refused:
            views.enter_context(connect(address, subprotocols=["streamlit"]))
        assert refused.value.response.status_code == 429
        run_page(first, "about")


def test_the_policy_allows_the_script_of_this_streamlit_and_no_other():
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text()
    scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert re.findall(r"'sha256-([^']+)'", CONFIGURATION) == hashes
    assert "unsafe-eval" not in CONFIGURATION
    assert re.findall(r"script-src ([^;]*);", CONFIGURATION)[0].split()[:2] == ["'self'", "blob:"]
