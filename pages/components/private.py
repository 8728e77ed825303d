"""The server asks nobody outside for anything.

When a page of another site knocks at the websocket, Streamlit 1.67 asks a web service for the public address of this
machine, to see whether the page might come from there. Every such knock holds up everybody for as long as the answer
takes, and the service learns of the explorer. Without an answer the page is refused all the same.
"""

from streamlit import net_util


def ask_nobody() -> None:
    net_util.get_external_ip = no_address


def no_address() -> None:
    """What Streamlit takes for “could not be found out”."""
    return None
