"""A real nginx with the configuration written by `host`, in front of an explorer; ports and paths are the test's."""

import contextlib
import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
REQUIRED = bool(os.environ.get("NE_REQUIRE_NGINX"))  # like NE_REQUIRE_BROWSER: fail if nginx is missing
# The worker runs as the test's user: large bodies are buffered in files in the test's folder.
WHOLE = """daemon off; {user} worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{
    include /etc/nginx/mime.types; access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def write_configuration(site: Path, folder: Path, port: int, explorer: int) -> Path:
    """Write a whole configuration around the written server: `port` to listen on, `explorer` to forward to."""
    text, listens = re.subn(r"listen 80;", f"listen 127.0.0.1:{port};", site.read_text())
    text, upstreams = re.subn(r"server 127\.0\.0\.1:8501;", f"server 127.0.0.1:{explorer};", text)
    assert (listens, upstreams) == (1, 1)
    (folder / "site.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(WHOLE.format(folder=folder, user=user))
    return folder / "nginx.conf"


@contextlib.contextmanager
def run_nginx(configuration: Path, address: str) -> Iterator[None]:
    """Run nginx until the block ends, from the moment it answers."""
    log = configuration.parent / "error.log"
    server = subprocess.Popen([NGINX, "-e", log, "-p", configuration.parent, "-c", configuration])
    try:
        for _ in range(100):
            assert server.poll() is None, log.read_text()
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                break
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait(10)
