"""Run `streamlit run` with the live model of tests/support/fake_live.py: `python -m MODULE run app.py`."""

import sys

from streamlit.web import cli

from ne_core.atlas import Atlas
from pages.components.serving import live_model
from pages.components.serving.live_queue import LiveQueue
from tests.support.fake_live import answer_of

if __name__ == "__main__":
    live_model.QUEUE = LiveQueue(lambda root, request: answer_of(Atlas.open(root), request), 16)
    sys.exit(cli.main())
