"""The explorer: `streamlit run app.py`. Its pages are listed in pages/components/shell/nav.py."""

from pathlib import Path

import streamlit as st

from pages.components.shell import nav

# Each page sets its title (pages/components/url/tab.py): a common one set here would flash first in every run.
# A local file: an icon given by name would be fetched from the internet.
icon = Path(__file__).parent / "pages" / "components" / "shell" / "icon.svg"
st.set_page_config(page_icon=str(icon), layout="wide")
nav.run()
