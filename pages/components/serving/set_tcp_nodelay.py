"""What is said to a browser goes out at once.

Streamlit 1.67 makes its listening socket without naming the protocol, and asyncio then leaves Nagle's algorithm on: a
small message waits until the browser has acknowledged the one before, 40 ms in every view. A connection takes over what
is set on the socket that accepted it, so this is done once in a process.
"""

import gc
import socket

done = False


def answer_at_once() -> None:
    """Switch the waiting off, for the connections that there are and for those to come."""
    global done
    if done:
        return
    done = True
    for found in gc.get_objects():
        if type(found) is socket.socket and is_tcp(found):
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def is_tcp(found: socket.socket) -> bool:
    known = found.family in (socket.AF_INET, socket.AF_INET6) and found.type == socket.SOCK_STREAM
    return known and found.fileno() >= 0
