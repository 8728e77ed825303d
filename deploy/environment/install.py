"""Run `pip install` with the arguments given; where it fails, say why in one line and keep pip's output in a file.

.venv/bin/python deploy/environment/install.py -r requirements.txt -c constraints.txt
"""

import re
import subprocess
import sys
from pathlib import Path

# In this order: a broken connection also ends with "no matching distribution".
REASONS = (
    (r"No space left on device", "the disk is full"),
    (
        r"NameResolutionError|NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|Temporary failure|"
        r"Network is unreachable|Connection refused|Max retries exceeded|Failed to establish",
        "the package index cannot be reached: check the network, or pip's index and proxy settings",
    ),
    (r"SSLError|CERTIFICATE_VERIFY_FAILED", "the package index's certificate is not trusted: see pip's option --cert"),
    (
        r"No matching distribution found for (\S+)",
        r"\1 cannot be had for this Python on this machine: another Python from 3.11 to 3.14 may work",
    ),
    (r"ResolutionImpossible", "the pinned versions contradict each other"),
    (r"Permission denied", "a file or folder may not be written"),
)


def install(arguments: list[str], log: Path) -> int:
    """pip's exit code; its output goes into the file."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", *arguments]
    with log.open("w", encoding="utf-8") as out:
        failed = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT).returncode
    if failed:
        print(f"the install failed: {reason(log.read_text(errors='replace'))} (pip's output: {log})", file=sys.stderr)
    return failed


def reason(output: str) -> str:
    """The first known reason that pip's output shows; its last error line where none is known."""
    for pattern, words in REASONS:
        if match := re.search(pattern, output):
            return match.expand(words)
    errors = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    return errors[-1] if errors else "pip gave no reason"


if __name__ == "__main__":
    sys.exit(install(sys.argv[1:], Path(sys.prefix) / "install.log"))
