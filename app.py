"""The explorer: `streamlit run app.py`. Its pages are listed in pages/components/nav.py."""

import streamlit as st

from pages.components import nav

st.set_page_config(page_title="Neuron embeddings", page_icon=":material/account_tree:", layout="wide")
nav.run()
