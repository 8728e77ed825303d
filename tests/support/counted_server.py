"""`python -m tests.support.counted_server run app.py …` is `streamlit run`, except: every view takes $NE_LONGER
seconds more, and how many are computed at the same time is written whenever it changes, a line each, to $NE_COUNTED.
"""

import os
import sys
import threading
import time
from pathlib import Path

from streamlit.web import cli

from pages.components.shell import nav

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
        time.sleep(float(os.environ["NE_LONGER"]))
        show(page)
    finally:
        counted(-1)


if __name__ == "__main__":
    nav.show = slower
    sys.exit(cli.main())
