"""`python -m tests.counted_server run app.py …` is `streamlit run`, but for two things: every view takes a little
longer, and how many are computed at the same time is written down whenever it changes, a line each, in $NE_COUNTED.
"""

import os
import sys
import threading
import time
from pathlib import Path

from streamlit.web import cli

from pages.components import nav

LONGER_S = 0.02
lock = threading.Lock()
inside = 0
show = nav.show


def counted(by: int) -> None:
    global inside
    with lock, Path(os.environ["NE_COUNTED"]).open("a") as file:
        inside += by
        file.write(f"{inside}\n")


def slower(page) -> None:
    counted(1)
    try:
        time.sleep(LONGER_S)
        show(page)
    finally:
        counted(-1)


if __name__ == "__main__":
    nav.show = slower
    sys.exit(cli.main())
