"""Every page of an explorer, opened over its websocket."""

import subprocess
from pathlib import Path

from pages.components.nav import PAGES
from tests.bench.server import browse, run_page
from tests.browser import launched


def open_every_page(atlases: Path | None, name: str, **how) -> list[str]:
    """The pages of the atlas `name`, each drawn without an exception by an explorer launched as `how` says."""
    with launched(atlases, subprocess.DEVNULL, **how) as (process, port), browse(process, port) as connection:
        for page in ("", *PAGES):
            run_page(connection, page, f"atlas={name}")
    return list(PAGES)
