"""`python -m tests.unpatched_server run app.py …` is `streamlit run` without the patch of late_requests.py."""

import sys

from streamlit.web import cli

from pages.components import late_requests

if __name__ == "__main__":
    late_requests.drop_late_requests = lambda: None
    sys.exit(cli.main())
