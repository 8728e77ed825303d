"""Connections of the explorer do not wait for acknowledgements."""

import socket

from pages.components.serving import set_tcp_nodelay


def test_connections_take_over_that_nothing_waits(monkeypatch):
    monkeypatch.setattr(set_tcp_nodelay, "done", False)
    with socket.socket(socket.AF_INET) as listening:  # as Streamlit makes it
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert not waits_not(listening)
        set_tcp_nodelay.answer_at_once()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert waits_not(accepted)


def test_a_socket_that_was_closed_is_left_alone(monkeypatch):
    monkeypatch.setattr(set_tcp_nodelay, "done", False)
    closed = socket.socket(socket.AF_INET)
    closed.close()
    set_tcp_nodelay.answer_at_once()
    assert set_tcp_nodelay.done


def waits_not(one: socket.socket) -> bool:
    return bool(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
