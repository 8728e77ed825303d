"""The server asks nobody on the internet who it is.

To decide whether a page of another site may open a websocket, Streamlit 1.67 asks a server of Amazon's for this
machine's address, and while it waits, a second and more, no visitor is served. A page has its own address in the Host
header, which is compared first; other sites that may connect are named by `server.corsAllowedOrigins`.
"""

from streamlit import net_util


def ask_nobody() -> None:
    net_util.get_external_ip = net_util.get_internal_ip = nobody


def nobody() -> None:
    """An address that no site has."""
