"""The explorer in a real Chromium: start a server, wait for a page, collect a page's errors."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

# The headless shell first: it needs two thirds of the processor time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
# Set in CI, where browser tests fail instead of being skipped if there is no browser.
REQUIRED = bool(os.environ.get("NE_REQUIRE_BROWSER"))
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ARGUMENTS += ["--disable-sync", "--no-first-run", "--disable-dev-shm-usage", "--disable-extensions", "--mute-audio"]
WEBGL = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]  # software rendering
ROOT = Path(__file__).parents[2]
PATIENCE_MS = 30_000


@contextlib.contextmanager
def served(atlases: Path, **how: str) -> Iterator[str]:
    """Yield the address of an explorer of the atlases in a folder, once it answers; `how` is that of `launched`."""
    with tempfile.TemporaryFile("w+") as log, launched(atlases, log, **how) as (server, port):
        wait_for(server, f"http://127.0.0.1:{port}", log)
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def launched(
    atlases: Path | None,
    log,
    *options: str,
    python: str | Path = sys.executable,
    folder: Path = ROOT,
    module: str = "streamlit",
    **environment: str,
) -> Iterator[tuple[subprocess.Popen, int]]:
    """Start `streamlit run` on a free port, without waiting for it; it is ended with the block.

    Without `atlases` it uses its default folders; `folder` contains the app, `module` runs it, and `environment` adds
    environment variables.
    """
    port = free_port()
    command = [python, "-m", module, "run", "app.py", "--server.port", str(port)]
    command += options
    settings = {"STREAMLIT_SERVER_ADDRESS": "127.0.0.1"} | ({"NE_ATLASES": str(atlases.absolute())} if atlases else {})
    variables = os.environ | settings | environment
    server = subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield server, port
    finally:
        server.terminate()
        server.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(server: subprocess.Popen, address: str, log) -> None:
    for _ in range(600):
        if server.poll() is not None:
            log.seek(0)
            raise RuntimeError(log.read())
        with contextlib.suppress(OSError), urllib.request.urlopen(address + "/_stcore/health", timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("the explorer did not start within a minute")


class Browsers(contextlib.ExitStack):
    """Browsers of one Playwright, each started when it is first needed; callers open contexts in them."""

    def __init__(self) -> None:
        super().__init__()
        self.playwright, self.started = None, {}

    def get(self, webgl: bool = False):
        if self.playwright is None:
            from playwright.sync_api import sync_playwright

            self.playwright = self.enter_context(sync_playwright())
        if webgl not in self.started:
            arguments = [each for each in ARGUMENTS if each != "--disable-gpu"] + WEBGL if webgl else ARGUMENTS
            self.started[webgl] = self.playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
            self.callback(self.started[webgl].close)
        return self.started[webgl]


@contextlib.contextmanager
def chromium(webgl: bool = False):
    """Yield a browser, in which the caller opens contexts."""
    with Browsers() as browsers:
        yield browsers.get(webgl)


def settled(page) -> None:
    """Wait until the script has run; fail if an exception is displayed."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=PATIENCE_MS)
    error = page.locator('[data-testid="stException"]')
    assert error.count() == 0, error.first.inner_text()


class PageErrors:
    """Errors, dialogs and foreign requests of a page."""

    def __init__(self, page, address: str):
        self.errors: list[str] = []
        self.page, self.address = page, address
        self.listeners = {"pageerror": self.error, "dialog": self.dialog, "console": self.console}
        self.listeners["request"] = self.request
        for event, listener in self.listeners.items():
            page.on(event, listener)

    def end(self) -> None:
        for event, listener in self.listeners.items():
            self.page.remove_listener(event, listener)

    def error(self, error) -> None:
        self.errors.append(f"error: {error}")

    def dialog(self, dialog) -> None:
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def console(self, line) -> None:
        probe = "/_stcore/" in line.location["url"]  # Streamlit first requests its base path under /neuron
        if line.type == "error" and not probe:
            self.errors.append(f"console: {line.text} {line.location}")

    def request(self, request) -> None:
        if not request.url.startswith((self.address, self.address.replace("http", "ws"), "data:", "blob:")):
            self.errors.append(f"request: {request.url}")
