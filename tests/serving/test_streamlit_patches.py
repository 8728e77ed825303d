"""What Streamlit does by itself, for as long as each patch is needed; and that the patches work.

Requests that come late are in test_late_requests.py, the lookup of addresses by a whole server in test_private.py.
"""

import asyncio
import socket

import streamlit
from streamlit import net_util
from streamlit.testing.v1 import AppTest
from streamlit.web.server import server_util
from streamlit.web.server.starlette import starlette_server

from pages.components.serving.streamlit_patches import VERSION, set_tcp_nodelay


def test_the_patches_are_for_the_version_that_is_here():
    """When this fails, read the tests below, remove the patches of those that fail, and name the version."""
    assert streamlit.__version__ == VERSION


def test_streamlit_by_itself_looks_up_its_address(monkeypatch):
    """When this fails, `disable_ip_lookup` is no longer needed."""
    looked_up = []
    monkeypatch.setattr(net_util, "get_internal_ip", lambda: None)
    monkeypatch.setattr(net_util, "get_external_ip", lambda: looked_up.append("the internet"))
    assert not server_util.is_url_from_allowed_origins("https://evil.example")
    assert looked_up == ["the internet"]


def test_streamlit_by_itself_lets_small_messages_wait():
    """When this fails, `set_tcp_nodelay` is no longer needed."""
    assert not asyncio.run(is_accepted_without_delay(starlette_server._bind_socket("127.0.0.1", 0, 1)))


async def is_accepted_without_delay(listening: socket.socket) -> bool:
    """Of a connection that asyncio accepts for a server."""
    accepted = asyncio.get_running_loop().create_future()
    async with await asyncio.start_server(lambda _, writer: accepted.set_result(writer), sock=listening):
        _, browser = await asyncio.open_connection(*listening.getsockname())
        writer = await accepted
        browser.close()
        writer.close()
        return without_delay(writer.get_extra_info("socket"))


def without_delay(one: socket.socket) -> bool:
    return bool(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


def test_connections_take_over_that_nothing_waits():
    with socket.socket(socket.AF_INET) as listening:  # as Streamlit makes it
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert not without_delay(listening)
        set_tcp_nodelay()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert without_delay(accepted)


def test_a_socket_that_was_closed_is_left_alone():
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


def test_streamlit_by_itself_keeps_fragments_where_the_next_view_ends_early():
    """When this fails, `fragments_of_this_view` is no longer needed."""
    app = AppTest.from_function(page).run()
    (part,) = app._fragment_storage.ids_registered_after(0)
    app.query_params["stop"] = "yes"
    app.run()
    assert app._fragment_storage.contains(part)
