"""`python -m tests.support.unpatched_server run app.py …` is `streamlit run` without the patch of late_requests.py."""

import sys

from streamlit.web import cli

from pages.components.serving import late_requests

if __name__ == "__main__":
    late_requests.drop_late_requests = lambda: None
    sys.exit(cli.main())
