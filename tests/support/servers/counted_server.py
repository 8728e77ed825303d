"""`streamlit run` with slower views that are counted: `python -m tests.support.servers.counted_server run app.py …`.

Every view takes $NE_LONGER seconds more; the number of views computed at the same time is appended to $NE_COUNTED,
one line a change.
"""

import os
import sys
import threading
import time
from pathlib import Path

from streamlit.web import cli

from pages.components.shell import nav

lock = threading.Lock()
n_running = 0
show = nav.show


def count(change: int) -> None:
    global n_running
    with lock, Path(os.environ["NE_COUNTED"]).open("a") as file:
        n_running += change
        file.write(f"{n_running}\n")


def show_slowly(page) -> None:
    count(1)
    try:
        time.sleep(float(os.environ["NE_LONGER"]))
        show(page)
    finally:
        count(-1)


if __name__ == "__main__":
    nav.show = show_slowly
    sys.exit(cli.main())
