"""The explorer: `streamlit run app.py`. Its pages are listed in pages/components/shell/nav.py."""

from pathlib import Path

import streamlit as st

from pages.components.shell import nav

# The title is each page's (pages/components/url/tab.py): one for all, set here, would flash before it in every run.
# A file of our own: an icon by name would be fetched from the internet.
icon = Path(__file__).parent / "pages" / "components" / "shell" / "icon.svg"
st.set_page_config(page_icon=str(icon), layout="wide")
nav.run()
