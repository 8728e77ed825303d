"""Run `streamlit run` without the patch `drop_late_requests`: `python -m MODULE run app.py`."""

import sys

from streamlit.web import cli

from pages.components.serving import streamlit_patches

if __name__ == "__main__":
    streamlit_patches.drop_late_requests = lambda: None
    sys.exit(cli.main())
