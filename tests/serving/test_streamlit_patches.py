"""Patches of Streamlit: its unpatched behaviour while a patch is needed, and the effect of each patch.

Late requests are tested in test_late_requests.py, the lookup of addresses by a whole server in test_private.py.
"""

import asyncio
import socket

import streamlit
from streamlit import net_util
from streamlit.testing.v1 import AppTest
from streamlit.web.server import server_util
from streamlit.web.server.starlette import starlette_server

from pages.components.serving.streamlit_patches import VERSION, set_tcp_nodelay


def test_patches_match_installed_version():
    """On failure: read the tests below, remove the patches of those that fail, and update VERSION."""
    assert streamlit.__version__ == VERSION


def test_unpatched_streamlit_looks_up_its_address(monkeypatch):
    """Fails once `disable_ip_lookup` is no longer needed."""
    lookups = []
    monkeypatch.setattr(net_util, "get_internal_ip", lambda: None)
    monkeypatch.setattr(net_util, "get_external_ip", lambda: lookups.append("the internet"))
    assert not server_util.is_url_from_allowed_origins("https://evil.example")
    assert lookups == ["the internet"]


def test_unpatched_streamlit_delays_small_messages():
    """Fails once `set_tcp_nodelay` is no longer needed."""
    assert not asyncio.run(is_accepted_without_delay(starlette_server._bind_socket("127.0.0.1", 0, 1)))


async def is_accepted_without_delay(listening: socket.socket) -> bool:
    """Return whether a connection accepted by an asyncio server has TCP_NODELAY."""
    accepted = asyncio.get_running_loop().create_future()
    async with await asyncio.start_server(lambda _, writer: accepted.set_result(writer), sock=listening):
        _, browser = await asyncio.open_connection(*listening.getsockname())
        writer = await accepted
        browser.close()
        writer.close()
        return without_delay(writer.get_extra_info("socket"))


def without_delay(connection: socket.socket) -> bool:
    return bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


def test_connections_inherit_tcp_nodelay():
    with socket.socket(socket.AF_INET) as listening:  # as Streamlit makes it
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert not without_delay(listening)
        set_tcp_nodelay()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert without_delay(accepted)


def test_closed_sockets_are_ignored():
    closed = socket.socket(socket.AF_INET)
    closed.close()
    set_tcp_nodelay()
    assert closed.fileno() == -1


def page() -> None:
    import streamlit as st

    @st.fragment
    def part() -> None:
        st.write("a part")

    if "stop" in st.query_params:
        st.stop()
    part()


def test_unpatched_streamlit_keeps_fragments_after_early_end():
    """Fails once `fragments_of_this_view` is no longer needed."""
    app = AppTest.from_function(page).run()
    (part,) = app._fragment_storage.ids_registered_after(0)
    app.query_params["stop"] = "yes"
    app.run()
    assert app._fragment_storage.contains(part)
